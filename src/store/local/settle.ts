/**
 * Makes results survive a power cut: all that an action record leads to, and the record.
 *
 * Where many are asked for, the disk is waited for once: its journal takes what is written side by side together. Until then a
 * killed process has lost nothing, and a power cut costs what was committed since; a reader sees a half-written file by its size
 * and digest, and a record by its seal, and what is missing runs again.
 */
import { closeSync, fsync, openSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { actionDirectory, objectPath } from "./layout.ts"
import { decodeTree, type Tree } from "./tree.ts"

export interface Committed {
  readonly key: string
  readonly attempt: number
  readonly digest: string
}

const WIDTH = 32
const fsyncLater = promisify(fsync)

const syncAll = async (paths: ReadonlySet<string>): Promise<void> => {
  const all = [...paths]
  for (let at = 0; at < all.length; at += WIDTH) await Promise.all(all.slice(at, at + WIDTH).map(sync))
}

/** The disk alone is waited for in another thread. What a gc has removed since needs no keeping. */
const sync = async (path: string): Promise<void> => {
  let file: number
  try {
    file = openSync(path, "r")
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return
    throw cause
  }
  try {
    await fsyncLater(file)
  } finally {
    closeSync(file)
  }
}

const listOf = (path: string): Tree | undefined => {
  try {
    return decodeTree(readFileSync(path))
  } catch {
    return undefined
  }
}

/** The blobs of artifacts, their lists, and the folders that name them. */
export const settleArtifacts = async (root: string, digests: Iterable<string>): Promise<void> => {
  const blobs = new Set<string>()
  for (const digest of digests) {
    const list = objectPath(root, digest)
    blobs.add(list)
    for (const { sha256 } of listOf(list)?.files ?? []) blobs.add(objectPath(root, sha256))
  }
  await syncAll(blobs)
  await syncAll(new Set([...[...blobs].map((blob) => dirname(blob)), join(root, "objects")]))
}

export interface Settling {
  /** Remembers what `now` has to do; it happens a second later at the latest, should the process go on. */
  readonly later: (committed: Committed) => void
  /** Fails as the disk does; what could not be done is tried again by the next call. */
  readonly now: () => Promise<void>
}

const SOON_MS = 1_000

export const makeSettling = (root: string): Settling => {
  let waiting: ReadonlyArray<Committed> = []
  let running: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  const settle = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const batch = waiting
    if (batch.length === 0) return
    waiting = []
    try {
      // First what records lead to, then the records.
      await settleArtifacts(root, new Set(batch.map(({ digest }) => digest)))
      const folders = batch.map(({ key }) => actionDirectory(root, key))
      await syncAll(new Set(batch.map(({ attempt }, i) => join(folders[i] as string, `${attempt}.json`))))
      await syncAll(new Set([...folders, ...folders.map((folder) => dirname(folder)), join(root, "actions")]))
    } catch (cause) {
      waiting = [...batch, ...waiting]
      throw cause
    }
  }

  const now = (): Promise<void> => {
    running = running.catch(() => {}).then(settle)
    return running
  }

  return {
    later: (committed) => {
      waiting = [...waiting, committed]
      // What fails here fails for `now` too, whose caller can tell somebody.
      timer ??= setTimeout(() => void now().catch(() => {}), SOON_MS).unref()
    },
    now
  }
}
