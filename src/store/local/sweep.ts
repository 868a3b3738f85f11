/**
 * Removes what a plan of a clean-up says. Killed at any moment, it leaves a store in which less is there: every artifact
 * that stays is whole, and what is left of the others goes next time.
 */
import { rm, stat } from "node:fs/promises"
import { objectPath } from "./layout.ts"
import { measurePath } from "./measure-path.ts"
import type { GcPlan } from "./plan-gc.ts"
import { removeOldTemporaries } from "./scan.ts"

/** @returns bytes that were freed */
export const sweep = async (
  root: string,
  { blobs, rubbish }: Pick<GcPlan, "blobs" | "rubbish">,
  /** Unix time, ms: what was written since is somebody's new result. */
  planned: number
): Promise<number> => {
  let freed = 0
  for (const sha256 of blobs) {
    const path = objectPath(root, sha256)
    const info = await stat(path).catch(() => undefined)
    if (info === undefined || Math.max(info.mtimeMs, info.ctimeMs) > planned) continue
    await rm(path, { force: true })
    freed += info.size
  }
  for (const { path } of rubbish) {
    const { bytes, changed } = await measurePath(path)
    // Somebody has the key by now, and goes on from this very checkpoint.
    if (changed > planned) continue
    await rm(path, { recursive: true, force: true })
    freed += bytes
  }
  await removeOldTemporaries(root)
  return freed
}
