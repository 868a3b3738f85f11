/** Asks for free disk space before hours of work, not after. */
import { statfs } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { StageFailed } from "../stage/stage-failed.ts"

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 2 : 1)} GiB`

/** Fails where the file system of `directory` has fewer than `bytes` free; `what` says what would take them. */
export const requireSpace = Effect.fn("requireSpace")(function* (directory: string, bytes: number, what: string) {
  const system = yield* Effect.promise(() => statfs(directory).catch(() => undefined))
  // A file system that says nothing about its space is not a reason to stop.
  if (system === undefined) return
  const free = system.bavail * system.bsize
  if (free >= bytes) return
  return yield* new StageFailed({
    problem: `${what} take ${gib(bytes)}, but ${directory} has ${gib(free)} free`,
    remedy: "Free some space, put the store elsewhere (--cache), or load less text.",
    retryable: true
  })
})
