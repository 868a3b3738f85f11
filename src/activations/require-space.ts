/** Asks for free disk space before hours of work, not after. */
import { statfs } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { sizesApart } from "../words/size-text.ts"
import { StageFailed } from "../stage/stage-failed.ts"

/** Fails where the file system of `directory` has fewer than `bytes` free; `what` says what would take them. */
export const requireSpace = Effect.fn("requireSpace")(function* (directory: string, bytes: number, what: string) {
  const system = yield* Effect.promise(() => statfs(directory).catch(() => undefined))
  // A file system that says nothing about its space is not a reason to stop.
  if (system === undefined) return
  const free = system.bavail * system.bsize
  if (free >= bytes) return
  const [taken, left] = sizesApart(bytes, free)
  return yield* new StageFailed({
    problem: `${what} take ${taken}, but ${directory} has ${left} free`,
    remedy: "Free some space, put the store elsewhere (--cache), or load less text.",
    retryable: true
  })
})
