// @ts-check
/**
 * The bundle of the files as they are now, in the user's cache folder: found by the files' times, sizes and numbers, made
 * anew where one has changed, and named by the sha256 of its base, which tells that of the rest.
 */
import { createHash } from "node:crypto"
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { bundlesFolder, codeDirectory, modulePath, scriptPath } from "./places.mjs"
import { replaceFile } from "./replace-file.mjs"

/** Raise it with what a bundle is or how it is opened. */
const FORMAT = 3

/**
 * A file that was changed so shortly ago may be changed again under the same times, and who edits files wants no bundle of
 * each version: until then the sources run.
 */
const SETTLED_MS = 10_000

/** A run whose bundle has been cleaned away starts its workers from the sources; a checkout makes its own again. */
const KEPT_DAYS = { replaced: 1, current: 60 }

/** @param {string} text */
const sha256 = (text) => createHash("sha256").update(text).digest("hex")

/** Of this checkout, or installed package. */
const indexName = `${sha256(codeDirectory).slice(0, 16)}.json`
const indexPath = () => join(bundlesFolder(), indexName)

/** @typedef {{ format: number, digest: string, marks: ReadonlyArray<[path: string, mark: string]> }} Index */

/**
 * Empty where there is no such file.
 * @param {string} path
 */
const markOf = (path) => {
  const info = statSync(path, { throwIfNoEntry: false })
  return info === undefined ? "" : `${info.size} ${info.mtimeMs} ${info.ctimeMs} ${info.ino}`
}

/**
 * @param {string} name
 * @returns {Index | undefined}
 */
const readIndex = (name) => {
  try {
    return JSON.parse(readFileSync(join(bundlesFolder(), name), "utf8"))
  } catch {
    return undefined
  }
}

const removeOld = () => {
  const names = readdirSync(bundlesFolder())
  const current = new Set(names.filter((name) => name.endsWith(".json")).map((name) => readIndex(name)?.digest))
  for (const name of names) {
    const path = join(bundlesFolder(), name)
    const days = (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())) / (24 * 3600 * 1000)
    const isCurrent = name.endsWith(".json") || current.has(name)
    if (days > (isCurrent ? KEPT_DAYS.current : KEPT_DAYS.replaced)) rmSync(path, { recursive: true, force: true })
  }
}

/** @param {ReadonlyArray<string>} paths */
const areSettled = (paths) => {
  const now = Date.now()
  return paths.every((path) => {
    const info = statSync(path, { throwIfNoEntry: false })
    return info !== undefined && Math.abs(now - Math.max(info.mtimeMs, info.ctimeMs)) > SETTLED_MS
  })
}

const SLOW_MS = 1_000

/**
 * Who waits at a terminal is told why.
 * @template A
 * @param {() => Promise<A>} work
 */
const toldWhenSlow = async (work) => {
  const timer = setTimeout(() => {
    if (process.stderr.isTTY)
      process.stderr.write("making the program ready: the first time, and after it has changed\n")
  }, SLOW_MS)
  return work().finally(() => clearTimeout(timer))
}

const build = async () => {
  /** @type {typeof import("../../src/start/build-bundle.ts")} */
  const { buildBundle, bundledFiles } = await import(pathToFileURL(modulePath("start", "build-bundle")).href)
  const files = [...bundledFiles(), modulePath("start", "build-bundle")]
  if (!areSettled(files)) return undefined
  mkdirSync(bundlesFolder(), { recursive: true })
  accessSync(bundlesFolder(), constants.W_OK)
  // Their folders too: a new file is a change. All before they are read: what changes meanwhile is seen by the next process.
  const folders = new Set(files.map((file) => dirname(file)).filter((folder) => folder.startsWith(codeDirectory)))
  const marks = [...files, ...folders].map((path) => [path, markOf(path)])
  const { base, rest } = await buildBundle()
  const digest = sha256(base)
  const folder = join(bundlesFolder(), digest)
  mkdirSync(folder, { recursive: true })
  replaceFile(scriptPath(folder, "rest"), rest)
  replaceFile(scriptPath(folder, "base"), base)
  replaceFile(indexPath(), JSON.stringify({ format: FORMAT, digest, marks }))
  removeOld()
  return folder
}

/**
 * Its folder; undefined where the sources are to run: they are being edited. Fails where the cache folder refuses a write.
 * @returns {Promise<string | undefined>}
 */
export const findBundle = async () => {
  const index = readIndex(indexName)
  if (index?.format !== FORMAT || !index.marks.every(([path, mark]) => markOf(path) === mark))
    return toldWhenSlow(build)
  return join(bundlesFolder(), index.digest)
}

/** For one that turned out to be damaged: the next process makes it anew. */
export const forgetBundle = () => rmSync(indexPath(), { force: true })
