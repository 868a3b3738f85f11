// @ts-check
/** Reads and evaluates a bundle's scripts, the rest once it is needed; from then on this process has its modules from there. */
import { isAscii } from "node:buffer"
import { createHash } from "node:crypto"
import { readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"
import { setFlagsFromString } from "node:v8"
import { constants, Script } from "node:vm"
import { keepCompiledCode, readCompiledCode } from "./compiled-code.mjs"
import { scriptPath } from "./places.mjs"

/** A worker is killed when it is done, and may be before: it keeps what V8 compiled after its first job, or once it has run for a while. */
const WORKER_KEEPS_AFTER_MS = 3_000

/** @typedef {Readonly<Record<string, () => Promise<unknown>>>} Modules by absolute path */

/**
 * Fails where the script is not what its digest says, and where it is gone.
 *
 * @param {string} folder
 * @param {import("./places.mjs").Part} part
 * @param {string} digest
 * @param {string} use
 */
const openScript = (folder, part, digest, use) => {
  const filename = scriptPath(folder, part)
  const bytes = readFileSync(filename)
  if (createHash("sha256").update(bytes).digest("hex") !== digest) throw new Error("the bundle is damaged")
  const known = readCompiledCode(folder, part, use)
  // What is written as ASCII is read faster; in tagged templates and regular expressions esbuild leaves what is not.
  const script = new Script(bytes.toString(isAscii(bytes) ? "latin1" : "utf8"), {
    filename,
    ...(known === undefined ? {} : { cachedData: known.bytes }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  })
  const kept = new Set(script.cachedDataRejected === true ? [] : known?.did)
  let isNew = known === undefined || script.cachedDataRejected === true
  /** @param {ReadonlySet<string>} done */
  const keep = (done) => {
    // What was kept so far was compiled for other work.
    if (!isNew && [...done].every((what) => kept.has(what))) return
    isNew = false
    for (const what of done) kept.add(what)
    keepCompiledCode(folder, part, script, use, [...kept])
  }
  return { run: script.runInThisContext(), keep }
}

/**
 * Once the base runs there is no going back to the sources: they would bring a second Effect.
 *
 * @param {string} folder
 * @param {string} digest
 * @param {string} use
 */
const openRest = (folder, digest, use) => {
  try {
    return openScript(folder, "rest", digest, use)
  } catch (cause) {
    // The next process then makes it anew.
    rmSync(scriptPath(folder, "base"), { force: true })
    throw new Error(`${scriptPath(folder, "rest")} is damaged or gone\n  run the same command again`, { cause })
  }
}

/**
 * Fails where the base is not what its folder's name says, and where it is gone.
 *
 * @param {string} folder
 * @param {string} use what this process is for: `run`, `worker`
 * @returns {Modules}
 */
export const openBundle = (folder, use) => {
  // V8 forgets what it compiled of functions that have not run for a while: of a long run nothing would be left to keep.
  setFlagsFromString("--no-flush-bytecode")
  // Beside the files that the modules come from, so that they get the packages that these would.
  const outside = createRequire(import.meta.url)
  /** @type {Record<string, () => Promise<unknown>>} */
  const modules = {}
  /**
   * @param {string} from address of the module that imports
   * @param {string} specifier
   */
  const importComputed = (from, specifier) => {
    const address = specifier.startsWith(".") ? new URL(specifier, from).href : specifier
    const own = address.startsWith("file:") ? modules[fileURLToPath(address)] : undefined
    return own === undefined ? import(address) : own()
  }
  const scripts = [openScript(folder, "base", basename(folder), use)]
  const base = scripts[0]?.run(outside, importComputed)
  /** @type {{ modules: Modules, packages: Readonly<Record<string, () => unknown>> } | undefined} */
  let opened
  const rest = () => {
    if (opened === undefined) {
      const script = openRest(folder, base.rest, use)
      scripts.push(script)
      opened = script.run(outside, importComputed, (/** @type {number} */ index) => base.inner[index]())
    }
    return /** @type {NonNullable<typeof opened>} */ (opened)
  }
  Object.assign(modules, base.modules)
  for (const path of base.elsewhere.modules) modules[path] = async () => rest().modules[path]?.()
  const packages = { ...base.packages }
  for (const path of base.elsewhere.packages) packages[path] = () => rest().packages[path]?.()
  /** @type {Set<string>} */
  const done = new Set()
  const did = (/** @type {string} */ what) => void done.add(what)
  const keepCompiled = () => scripts.forEach(({ keep }) => keep(done))
  // Where `src/start/bundle.ts` looks for it.
  Object.assign(globalThis, { [Symbol.for("sae-pipeline.bundle")]: { folder, did, keepCompiled, modules, packages } })
  if (use === "worker") setTimeout(keepCompiled, WORKER_KEEPS_AFTER_MS).unref()
  else process.once("exit", keepCompiled)
  return modules
}
