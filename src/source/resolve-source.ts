/**
 * Resolves a source to a content digest at plan time, so that an edited text file or an exchanged model is never a
 * stale hit: the digest, not the path, is in the key.
 */
import { createHash } from "node:crypto"
import { createReadStream, existsSync } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { basename, join, relative, resolve, sep } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { canonicalJson } from "../artifact/canonical-json.ts"
import { suggest } from "../spec/did-you-mean.ts"
import type { ResolvedSource, SourceOf } from "../stage/stage.ts"
import { builtinFiles, builtinNames } from "./builtin-source.ts"
import type { SourceFile } from "./builtin-source.ts"
import type { FileIndex } from "./file-index.ts"

export class SourceMissing extends Data.TaggedError("SourceMissing")<{
  readonly uri: string
  readonly problem: string
  readonly remedy: string
}> {
  override get message(): string {
    return `source ${this.uri}: ${this.problem}; ${this.remedy}`
  }
}

const schemes = ["file:", "builtin:"]

const sha256OfFile = async (path: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array)
  return hash.digest("hex")
}

/** All files below a folder by relative name, without dot files: editors and version control keep theirs there. */
const filesBelow = async (directory: string): Promise<ReadonlyArray<SourceFile>> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(directory, path).split(sep).join("/"), path }))
    .filter(({ name }) => !name.split("/").some((part) => part.startsWith(".")))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

const localFiles = (uri: string, path: string): Effect.Effect<ReadonlyArray<SourceFile>, SourceMissing> =>
  Effect.tryPromise({
    try: async () => {
      if (!existsSync(path)) throw new Error("there is no such file or folder")
      if (!(await stat(path)).isDirectory()) return [{ name: basename(path), path }]
      const files = await filesBelow(path)
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

const filesOf = (
  uri: string,
  of: SourceOf,
  baseDirectory: string
): Effect.Effect<ReadonlyArray<SourceFile>, SourceMissing> => {
  if (uri.startsWith("file:")) return localFiles(uri, resolve(baseDirectory, uri.slice("file:".length)))
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
      remedy: `write ${schemes.join("... or ")}...`
    })
  )
}

/**
 * @param baseDirectory folder that a relative `file:` path starts from: that of the YAML file which names it
 * @param index remembers digests of files that have not changed
 */
export const resolveSource = Effect.fn("resolveSource")(function* (
  uri: string,
  of: SourceOf,
  baseDirectory: string,
  index: FileIndex
) {
  const files = yield* filesOf(uri, of, baseDirectory)
  const digests = yield* Effect.tryPromise({
    try: () =>
      Promise.all(
        files.map(({ path }) =>
          index.get(`sha256 ${path}`, async () => ({ value: await sha256OfFile(path), files: [path] }))
        )
      ),
    catch: (cause) =>
      new SourceMissing({
        uri,
        problem: `cannot be read: ${String(cause)}`,
        remedy: "check that the file exists and its permissions"
      })
  })
  const hashed = files.map((file, i) => ({ ...file, sha256: digests[i] as string }))
  // Names count: `.jsonl` is read otherwise than `.txt`, and so are the files of a builtin. Where they lie does not.
  const content = {
    builtin: uri.startsWith("builtin:") ? uri : null,
    files: hashed.map(({ name, sha256 }) => [name, sha256])
  }
  const source: ResolvedSource = {
    uri,
    digest: createHash("sha256").update(canonicalJson(content)).digest("hex"),
    files: hashed
  }
  return source
})
