/**
 * Takes an artifact from a remote: every part is checked against its digest before a byte of it is kept, and a blob as a
 * whole before it gets its name. What came before a cut is kept in `incoming/`, and only the rest is asked for again.
 */
import { chmod, open, rename, rm, stat } from "node:fs/promises"
import type { FileHandle } from "node:fs/promises"
import { dirname } from "node:path"
import * as Effect from "effect/Effect"
import type { ArtifactFile } from "../../artifact/artifact.ts"
import { syncDirectory, writeAtomic } from "../../file/atomic-write.ts"
import { CHUNK_BYTES, hashFile } from "../../file/hash-file.ts"
import { makeDirectory } from "../../file/make-directory.ts"
import { type Unwritable, unwritable } from "../../file/unwritable.ts"
import type { RemoteFailed } from "../../remote/port/remote-failed.ts"
import { incomingPath, objectPath } from "../local/layout.ts"
import { readFileList } from "../local/read-file-list.ts"
import { decodeTree, treeProblem, type Tree } from "../local/tree.ts"
import { fileListName, type Part, partsOf } from "./layout.ts"
import { decodeFileList, decodePart, isIntact } from "./part-codec.ts"
import { refuse, type SharedRemote, take } from "./shared-remote.ts"

/** What a list of 400,000 files takes, in bytes. */
const LONGEST_LIST = 64 * 1024 * 1024
const FILES_AT_ONCE = 4
const PARTS_AT_ONCE = 4

export interface Pulled {
  /** All of it is here now. */
  readonly complete: boolean
  /** That were taken in; 0 where all was here. */
  readonly bytes: number
}

export interface PullOptions {
  readonly onBytes?: (count: number) => void
}

const disk =
  (root: string) =>
  <A>(run: () => Promise<A>): Effect.Effect<A, Unwritable> =>
    Effect.tryPromise({ try: run, catch: unwritable(root) })

/** Undefined: it is not there, or not as it should be. */
const fetchPart = Effect.fnUntraced(function* (shared: SharedRemote, part: Part) {
  const bytes = yield* take(shared, part.name, Math.max(1, part.size))
  if (bytes === undefined) return undefined
  const plain = yield* Effect.promise(() => decodePart(bytes, part))
  if (plain === undefined) yield* refuse(shared, part.name, bytes, "its content differs from its digest")
  return plain
})

/** Another process may take in the same blob at the same time: both write the same checked bytes. */
const openIncoming = async (path: string): Promise<FileHandle> => {
  await makeDirectory(dirname(path))
  return open(path, "r+").catch(() => open(path, "w+", 0o644))
}

const isThere = async (handle: FileHandle, part: Part): Promise<boolean> => {
  const bytes = new Uint8Array(part.size)
  const { bytesRead } = await handle.read(bytes, 0, part.size, part.offset)
  return bytesRead === part.size && isIntact(bytes, part.digests)
}

const pullLarge = Effect.fnUntraced(function* (
  root: string,
  shared: SharedRemote,
  file: ArtifactFile,
  onBytes: (count: number) => void
) {
  const onDisk = disk(root)
  const path = incomingPath(root, file.sha256)
  const target = objectPath(root, file.sha256)
  const filled = yield* Effect.acquireUseRelease(
    onDisk(() => openIncoming(path)),
    Effect.fnUntraced(function* (handle): Effect.fn.Return<boolean, RemoteFailed | Unwritable> {
      const pullPart = Effect.fnUntraced(function* (part: Part): Effect.fn.Return<boolean, RemoteFailed | Unwritable> {
        if (yield* onDisk(() => isThere(handle, part))) return true
        const bytes = yield* fetchPart(shared, part)
        if (bytes === undefined) return false
        yield* onDisk(() => handle.write(bytes, 0, bytes.length, part.offset))
        onBytes(bytes.length)
        return true
      })
      const came = yield* Effect.forEach(partsOf(file), pullPart, { concurrency: PARTS_AT_ONCE })
      if (came.includes(false)) return false
      yield* onDisk(() => handle.truncate(file.size))
      yield* onDisk(() => handle.sync())
      return true
    }),
    (handle) => Effect.promise(() => handle.close())
  )
  if (!filled) return false
  // Digests of chunks say what the file list says of them; the name of the blob is the digest of the whole.
  const found = yield* onDisk(() => hashFile(path).catch(() => undefined))
  if (found?.sha256 !== file.sha256) {
    yield* onDisk(() => rm(path, { force: true }))
    if (found !== undefined)
      shared.say(`refused ${file.path} of ${shared.remote.place}: it differs from its digest as a whole`)
    return yield* onDisk(async () => (await stat(target).catch(() => undefined))?.size === file.size)
  }
  yield* onDisk(async () => {
    await chmod(path, 0o444)
    await makeDirectory(dirname(target))
    await rename(path, target)
    await syncDirectory(dirname(target))
  })
  return true
})

const pullSmall = Effect.fnUntraced(function* (
  root: string,
  shared: SharedRemote,
  file: ArtifactFile,
  onBytes: (count: number) => void
) {
  const bytes = yield* fetchPart(shared, partsOf(file)[0] as Part)
  if (bytes === undefined) return false
  yield* disk(root)(() => writeAtomic(objectPath(root, file.sha256), bytes, 0o444))
  onBytes(bytes.length)
  return true
})

const pullFileList = Effect.fnUntraced(function* (root: string, shared: SharedRemote, digest: string) {
  const name = fileListName(digest)
  const bytes = yield* take(shared, name, LONGEST_LIST)
  if (bytes === undefined) return undefined
  const plain = yield* Effect.promise(() => decodeFileList(bytes, digest, LONGEST_LIST))
  const tree = plain && decodeTree(plain)
  if (plain === undefined || tree === undefined) {
    const why = plain === undefined ? "its content differs from its digest" : treeProblem(plain)
    yield* refuse(shared, name, bytes, why)
    return undefined
  }
  yield* disk(root)(() => writeAtomic(objectPath(root, digest), plain, 0o444))
  return tree
})

const isHere = (root: string, { sha256, size }: ArtifactFile): Promise<boolean> =>
  stat(objectPath(root, sha256)).then(
    (info) => info.size === size,
    () => false
  )

/** Each blob once, and what is a promise of the list must fit together: sizes that no digests cover are not asked for. */
const blobsOf = (tree: Tree): ReadonlyArray<ArtifactFile> => [
  ...new Map(tree.files.map((file) => [file.sha256, file])).values()
]

/** Brings all files of an artifact that are not here; `root` is the folder of the local store. */
export const pullArtifact = Effect.fn("pullArtifact")(function* (
  root: string,
  shared: SharedRemote,
  digest: string,
  { onBytes = () => {} }: PullOptions = {}
): Effect.fn.Return<Pulled, RemoteFailed | Unwritable> {
  let taken = 0
  const count = (bytes: number): void => {
    taken += bytes
    onBytes(bytes)
  }
  const tree = (yield* Effect.promise(() => readFileList(root, digest))) ?? (yield* pullFileList(root, shared, digest))
  if (tree === undefined) return { complete: false, bytes: 0 }
  const pullFile = Effect.fnUntraced(function* (
    file: ArtifactFile
  ): Effect.fn.Return<boolean, RemoteFailed | Unwritable> {
    if (yield* Effect.promise(() => isHere(root, file))) return true
    return yield* (file.size > CHUNK_BYTES ? pullLarge : pullSmall)(root, shared, file, count)
  })
  const came = yield* Effect.forEach(blobsOf(tree), pullFile, { concurrency: FILES_AT_ONCE })
  const complete = !came.includes(false)
  // Whoever has the result then sees that parts of it are wanted, and brings them again.
  if (!complete && shared.writes) yield* shared.remote.remove(fileListName(digest))
  return { complete, bytes: taken }
})
