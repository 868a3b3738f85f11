/** Brings an artifact to a remote: parts that are missing there, each read through its digests, and the file list last. */
import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { ArtifactFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import type { RemoteFailed } from "../../remote/port/remote-failed.ts"
import { type ArtifactReader, makeArtifactReader } from "../local/artifact-reader.ts"
import { objectPath } from "../local/layout.ts"
import { fileListName, type Part, partsOf, partsPrefix } from "./layout.ts"
import { encodePart } from "./part-codec.ts"
import type { SharedRemote } from "./shared-remote.ts"

const FILES_AT_ONCE = 4
const PARTS_AT_ONCE = 4
/** Sending it costs no more than asking whether it is there. */
const SMALL_BYTES = 64 * 1024

const reading = <A>(run: () => Promise<A>): Effect.Effect<A, ArtifactError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => {
      if (cause instanceof ArtifactError) return cause
      throw cause
    }
  })

const pushFile = Effect.fnUntraced(function* (
  { remote }: SharedRemote,
  reader: ArtifactReader,
  file: ArtifactFile
): Effect.fn.Return<number, RemoteFailed | ArtifactError> {
  const there = new Set(file.size <= SMALL_BYTES ? [] : yield* remote.list(partsPrefix(file.sha256)))
  const wanted = partsOf(file).filter(({ name }) => !there.has(name))
  if (wanted.length === 0) return 0
  return yield* Effect.acquireUseRelease(
    reading(() => reader.open(file)),
    ({ verified }) => {
      const pushPart = Effect.fnUntraced(function* (
        part: Part
      ): Effect.fn.Return<number, RemoteFailed | ArtifactError> {
        const plain = yield* reading(() => verified.read(part.offset, part.size))
        const bytes = yield* Effect.promise(() => encodePart(plain))
        return (yield* remote.putIfAbsent(part.name, bytes)) ? bytes.length : 0
      })
      return Effect.map(Effect.forEach(wanted, pushPart, { concurrency: PARTS_AT_ONCE }), (sent) =>
        sent.reduce((sum, bytes) => sum + bytes, 0)
      )
    },
    ({ handle }) => Effect.promise(() => handle.close())
  )
})

/**
 * @param root folder of the local store, which has all of the artifact; else it fails with `ArtifactError`
 * @returns bytes that were sent; 0 where all was there
 */
export const pushArtifact = Effect.fn("pushArtifact")(function* (root: string, shared: SharedRemote, digest: string) {
  const name = fileListName(digest)
  if ((yield* shared.remote.list(name)).includes(name)) return 0
  const reader = makeArtifactReader(root, digest, () => {})
  const { files } = yield* reading(reader.tree)
  const blobs = [...new Map(files.map((file) => [file.sha256, file])).values()]
  const sent = yield* Effect.forEach(blobs, (file) => pushFile(shared, reader, file), { concurrency: FILES_AT_ONCE })
  const list = new Uint8Array(yield* Effect.promise(() => readFile(objectPath(root, digest))))
  yield* shared.remote.putIfAbsent(name, yield* Effect.promise(() => encodePart(list)))
  return sent.reduce((sum, bytes) => sum + bytes, 0)
})
