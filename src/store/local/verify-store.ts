/** `pipeline cache verify`: reads every byte of a store and moves what differs from its digest to quarantine. */
import { readFile } from "node:fs/promises"
import { decodeAction } from "./action-log.ts"
import { hashFile, sha256Of } from "../../file/hash-file.ts"
import { quarantineFile } from "./quarantine.ts"
import { removeOldTemporaries, scanActionFiles, scanBlobs } from "./scan.ts"
import type { BlobEntry } from "./scan.ts"
import type { VerifyReport } from "../store.ts"
import { decodeTree } from "./tree.ts"

/** Larger blobs are not looked at as lists of files: at 150 bytes a file this is 400,000 files. */
const LARGEST_LIST = 64 * 1024 * 1024

type Usage = Map<string, Array<{ readonly digest: string; readonly path: string }>>
type Damaged = VerifyReport["damaged"][number]

const noteList = async (usage: Usage, blob: BlobEntry): Promise<void> => {
  if (blob.size > LARGEST_LIST) return
  const bytes = await readFile(blob.path).catch(() => undefined)
  // Only what is intact may say what is used by whom.
  const tree = bytes === undefined || sha256Of(bytes) !== blob.sha256 ? undefined : decodeTree(bytes)
  for (const file of tree?.files ?? []) {
    const users = usage.get(file.sha256) ?? []
    users.push({ digest: blob.sha256, path: file.path })
    usage.set(file.sha256, users)
  }
}

export const verifyStore = async (
  root: string,
  onProgress: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void
): Promise<VerifyReport> => {
  await removeOldTemporaries(root)
  const blobs = await scanBlobs(root)
  const totalBytes = blobs.reduce((total, { size }) => total + size, 0)
  let doneBytes = 0
  const found: Array<{ readonly blob: BlobEntry; readonly quarantine: string }> = []
  const usage: Usage = new Map()
  for (const blob of blobs) {
    const digest = await hashFile(blob.path, (count) => {
      doneBytes += count
      onProgress({ doneBytes, totalBytes })
    }).catch((cause: NodeJS.ErrnoException) => {
      // Removed since the folder was read: nothing is wrong. Refused by the device: as good as damaged.
      if (cause.code === "ENOENT") return undefined
      if (cause.code === "EIO") return { sha256: "" }
      throw cause
    })
    if (digest === undefined) continue
    if (digest.sha256 === blob.sha256) await noteList(usage, blob)
    else {
      const quarantine = await quarantineFile(root, blob.path)
      if (quarantine !== undefined) found.push({ blob, quarantine })
    }
  }
  const actions = await scanActionFiles(root)
  const damagedActions: Array<Damaged> = []
  for (const { key, attempt, path } of actions) {
    const text = await readFile(path, "utf8").catch(() => undefined)
    const record = text === undefined ? undefined : decodeAction(text)
    if (text === undefined || (record?.key === key && String(record.attempt) === attempt)) continue
    const quarantine = await quarantineFile(root, path, `action-${key}-${attempt}`)
    if (quarantine !== undefined) {
      damagedActions.push({ what: "action", name: `${key}/${attempt}`, usedBy: [], quarantine })
    }
  }
  const damagedBlobs = found.map(({ blob, quarantine }): Damaged => ({
    what: "blob",
    name: blob.sha256,
    usedBy: usage.get(blob.sha256) ?? [],
    quarantine
  }))
  return {
    objects: blobs.length,
    bytes: totalBytes,
    actions: actions.length,
    damaged: [...damagedBlobs, ...damagedActions]
  }
}
