/**
 * Reads files of a resolved source, hours perhaps after their digests entered a key: what is read must still be what was
 * hashed, else the result would stand under the key of another text. A file that is not here yet is fetched first.
 */
import { createHash } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { readFile } from "node:fs/promises"
import { pipeline } from "node:stream/promises"
import * as Effect from "effect/Effect"
import { lfsPointer } from "../file/lfs-pointer.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { StageFailed } from "../stage/stage-failed.ts"
import type { ResolvedSource, SourceFile } from "../stage/source.ts"

export const unreadableSource = (source: ResolvedSource) => (cause: unknown) => {
  // A full disk is not the source's fault; who runs the stage says so.
  if (/^(ENOSPC|EDQUOT|EROFS)$/.test(String((cause as NodeJS.ErrnoException).code))) throw cause
  return stageFailed(`source ${source.uri}: ${String(cause)}`, "put the file back and run again")
}

/** The content is not what entered the key. */
export const changedSource = (source: ResolvedSource, file: SourceFile): StageFailed =>
  file.remote === undefined
    ? stageFailed(
        `source ${source.uri}: ${file.path} has changed since this run was planned`,
        "run again: the plan then takes the new content"
      )
    : stageFailed(
        `source ${source.uri}: ${file.path} is not what the hub holds: the cache is damaged`,
        "delete the file and the blob that it links to, and run again"
      )

const checked = (source: ResolvedSource, file: SourceFile, sha256: string): Effect.Effect<void, StageFailed> => {
  if (sha256 === file.sha256) return Effect.void
  return Effect.fail(changedSource(source, file))
}

/** Refuses what stands in the place of the file; what cannot be read at all is told by who reads it. */
const standIn = (file: SourceFile): Effect.Effect<void, StageFailed> =>
  Effect.suspend(() => {
    const pointer = lfsPointer(file.path)
    return pointer === undefined ? Effect.void : Effect.fail(stageFailed(`${file.path}: ${pointer}`))
  })

/** Makes sure that `file.path` is there, for readers that open it themselves; those check what they read. */
export const fetchSourceFile = (file: SourceFile): Effect.Effect<void, StageFailed> => file.fetch ?? standIn(file)

/** The whole file in memory. */
export const readSourceFile = (
  source: ResolvedSource,
  file: SourceFile
): Effect.Effect<Uint8Array<ArrayBuffer>, StageFailed> =>
  Effect.gen(function* () {
    yield* fetchSourceFile(file)
    const bytes = yield* Effect.tryPromise({ try: () => readFile(file.path), catch: unreadableSource(source) })
    yield* checked(source, file, createHash("sha256").update(bytes).digest("hex"))
    return bytes
  })

/** Copies the file, of any size, without having it in memory. */
export const copySourceFile = (
  source: ResolvedSource,
  file: SourceFile,
  target: string
): Effect.Effect<void, StageFailed> =>
  Effect.gen(function* () {
    yield* fetchSourceFile(file)
    const hash = createHash("sha256")
    yield* Effect.tryPromise({
      try: () =>
        pipeline(
          createReadStream(file.path, { highWaterMark: 1 << 20 }),
          async function* (chunks: AsyncIterable<Uint8Array>) {
            for await (const chunk of chunks) {
              hash.update(chunk)
              yield chunk
            }
          },
          createWriteStream(target)
        ),
      catch: unreadableSource(source)
    })
    yield* checked(source, file, hash.digest("hex"))
  })
