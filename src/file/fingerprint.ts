/**
 * Fingerprints: "has this file changed since it was read?", answered without reading it where the file system can tell.
 *
 * Size, times and inode equal: unchanged. The change time (ctime) is one of them, since a program can set the
 * other back. Where only the times moved (a checkout, a touch), xxh64 of the content decides. Never an address: artifacts and keys use sha256.
 */
import { statSync } from "node:fs"
import { stat } from "node:fs/promises"
import * as Schema from "effect/Schema"
import { createXXHash64 } from "hash-wasm"
import { piecesOf } from "./pieces-of.ts"

export const Fingerprint = Schema.Struct({
  size: Schema.Finite,
  mtimeMs: Schema.Finite,
  ctimeMs: Schema.Finite,
  inode: Schema.Finite,
  xxh64: Schema.String
})
export type Fingerprint = typeof Fingerprint.Type

const xxh64Of = async (path: string): Promise<string> => {
  const hash = await createXXHash64()
  hash.init()
  for await (const piece of piecesOf(path)) hash.update(piece)
  return hash.digest("hex")
}

export const takeFingerprint = async (path: string): Promise<Fingerprint> => {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path)
  return { size, mtimeMs, ctimeMs, inode: ino, xxh64: await xxh64Of(path) }
}

/** Whether the file at `path` still has the content that was fingerprinted. A file that is gone has not. */
export const isUnchanged = async (path: string, before: Fingerprint): Promise<boolean> => {
  // Waited for: it takes the system a tenth of the time that handing it to another thread takes.
  const now = statSync(path, { throwIfNoEntry: false })
  if (now === undefined || now.size !== before.size) return false
  const sameTimes = now.mtimeMs === before.mtimeMs && now.ctimeMs === before.ctimeMs
  if (sameTimes && now.ino === before.inode) return true
  return (await xxh64Of(path)) === before.xxh64
}
