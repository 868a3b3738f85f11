/**
 * A claim on a piece of work whose result several processes want: a folder that exists while its owner keeps touching
 * it. It expires by itself, and losing it does no harm, since the work ends in an atomic rename.
 */
import { mkdir, rm, stat, utimes } from "node:fs/promises"
import * as Effect from "effect/Effect"

/** The owner touches its lease far more often than it expires, so a busy machine does not lose it. */
const TOUCH_EVERY_MS = 2_000
const EXPIRES_AFTER_MS = 20_000
const LOOK_EVERY_MS = 500

const claim = async (path: string): Promise<boolean> => {
  try {
    await mkdir(path)
    return true
  } catch {
    return false
  }
}

const isExpired = async (path: string): Promise<boolean> => {
  const stats = await stat(path).catch(() => undefined)
  return stats !== undefined && Date.now() - stats.mtimeMs > EXPIRES_AFTER_MS
}

const keepAlive = (path: string) =>
  Effect.gen(function* () {
    while (true) {
      yield* Effect.sleep(TOUCH_EVERY_MS)
      const now = new Date()
      yield* Effect.promise(() => utimes(path, now, now).catch(() => {}))
    }
  })

/** Runs `work` unless another process holds the lease: then waits until it is `done`, or takes over from a dead owner. */
export const leaseHeld = <E>(
  path: string,
  options: {
    readonly done: () => boolean
    readonly onWait: () => void
    readonly work: Effect.Effect<void, E>
  }
): Effect.Effect<void, E> =>
  Effect.gen(function* () {
    let waiting = false
    while (!options.done()) {
      if (yield* Effect.promise(() => claim(path))) {
        return yield* Effect.raceFirst(options.work, keepAlive(path)).pipe(
          Effect.ensuring(Effect.promise(() => rm(path, { recursive: true, force: true }).catch(() => {})))
        )
      }
      if (yield* Effect.promise(() => isExpired(path))) {
        yield* Effect.promise(() => rm(path, { recursive: true, force: true }))
        continue
      }
      if (!waiting) options.onWait()
      waiting = true
      yield* Effect.sleep(LOOK_EVERY_MS)
    }
  })
