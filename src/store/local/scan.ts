/** Lists what a store holds by reading its folders: there is no index that could disagree with them. */
import { readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { TEMPORARY } from "../../file/atomic-write.ts"

const names = (directory: string): Promise<ReadonlyArray<string>> =>
  readdir(directory).catch((): ReadonlyArray<string> => [])

const fanned = async (root: string, folder: string): Promise<ReadonlyArray<{ name: string; path: string }>> => {
  const directory = join(root, folder)
  const prefixes = (await names(directory)).filter((name) => /^[0-9a-f]{2}$/.test(name))
  const entries = await Promise.all(
    prefixes.toSorted().map(async (prefix) => {
      const found = await names(join(directory, prefix))
      return found
        .filter((name) => !name.startsWith(TEMPORARY))
        .toSorted()
        .map((name) => ({ name, path: join(directory, prefix, name) }))
    })
  )
  return entries.flat()
}

export interface BlobEntry {
  readonly sha256: string
  readonly path: string
  readonly size: number
  /** Unix time, ms, when it was written, or got its name. */
  readonly changed: number
}

export const scanBlobs = async (root: string): Promise<ReadonlyArray<BlobEntry>> => {
  const entries = await fanned(root, "objects")
  const blobs = await Promise.all(
    entries.map(async ({ name, path }) => {
      const info = await stat(path).catch(() => undefined)
      return info === undefined
        ? undefined
        : { sha256: name, path, size: info.size, changed: Math.max(info.mtimeMs, info.ctimeMs) }
    })
  )
  return blobs.filter((blob) => blob !== undefined)
}

export const scanKeys = async (root: string): Promise<ReadonlyArray<string>> =>
  (await fanned(root, "actions")).map(({ name }) => name)

/** Files of all action records, damaged ones too. */
export const scanActionFiles = async (
  root: string
): Promise<ReadonlyArray<{ readonly key: string; readonly attempt: string; readonly path: string }>> => {
  const keys = await fanned(root, "actions")
  const files = await Promise.all(
    keys.map(async ({ name, path }) =>
      (await names(path))
        .filter((file) => /^\d+\.json$/.test(file))
        .map((file) => ({ key: name, attempt: file.replace(".json", ""), path: join(path, file) }))
    )
  )
  return files.flat()
}

const DAY_MS = 24 * 3600 * 1000

/** Removes what a kill in the middle of a write has left. A day: nobody writes one file for so long. */
export const removeOldTemporaries = async (root: string): Promise<void> => {
  for (const folder of ["objects", "actions", "partial"]) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.name.startsWith(TEMPORARY)) continue
      const path = join(entry.parentPath, entry.name)
      const info = await stat(path).catch(() => undefined)
      if (info !== undefined && Date.now() - info.mtimeMs > DAY_MS) await rm(path, { force: true })
    }
  }
}
