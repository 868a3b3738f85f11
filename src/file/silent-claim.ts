/**
 * Whether the owner of a claim gives signs of life. Two clocks are asked, neither of them the owner's: that of the file
 * system, which dates both the owner's heartbeats and a file that is made here and now; and this process's own monotonic
 * one, for how long the heartbeats have been seen to stand still. A clock that jumps, or a machine that dates its own
 * writes, can deceive the first; only looks of this process count for the second, so that a pause of this process, or of
 * the whole machine, is never taken for silence of the owner.
 */
import { randomUUID } from "node:crypto"
import { open, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { TEMPORARY } from "./atomic-write.ts"

/** Heartbeats within the time after which silence is taken for death. */
export const BEATS = 6

interface Sighting {
  /** Of the last heartbeat, by whatever clock. */
  readonly mark: string
  readonly lookedAt: number
  /** Milliseconds for which looks have found the same mark, the gaps between looks counted as a heartbeat at most. */
  readonly still: number
}

/** By path of the claim: what this process saw of it when it last looked. */
const sightings = new Map<string, Sighting>()

/** Milliseconds by the file system's clock: making a file also makes network file systems forget a stale listing. */
export const fileSystemTime = async (directory: string): Promise<number> => {
  const probe = join(directory, TEMPORARY + randomUUID())
  const handle = await open(probe, "wx")
  try {
    return (await handle.stat()).mtimeMs
  } finally {
    await handle.close()
    await rm(probe, { force: true })
  }
}

/** Opened, not only asked for its status: a network file system then fetches it anew. */
const lastBeat = async (path: string): Promise<{ readonly at: number; readonly mark: string }> => {
  const handle = await open(path, "r")
  try {
    const { mtimeMs, ino } = await handle.stat()
    return { at: mtimeMs, mark: `${ino} ${mtimeMs}` }
  } finally {
    await handle.close()
  }
}

/**
 * True where the claim has shown no heartbeat for `expirySeconds` by the file system's clock, and for two heartbeats while
 * this process looked; or for `expirySeconds` while this process looked, whatever the other clock says.
 *
 * @param now milliseconds, monotonic
 */
export const isSilent = async (path: string, expirySeconds: number, now: number): Promise<boolean> => {
  const expiry = expirySeconds * 1000
  const beat = expiry / BEATS
  const time = await fileSystemTime(dirname(path))
  const { at, mark } = await lastBeat(path)
  const seen = sightings.get(path)
  const still = seen?.mark === mark ? seen.still + Math.min(Math.max(now - seen.lookedAt, 0), beat) : 0
  sightings.set(path, { mark, lookedAt: now, still })
  return still > expiry || (time - at > expiry && still >= 2 * beat)
}

/** The claim is gone, or another's business from now on. */
export const forget = (path: string): void => void sightings.delete(path)
