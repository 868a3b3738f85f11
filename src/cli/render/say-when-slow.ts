/** A command that has been silent for most of a second says what it is doing: nobody should wonder whether it hangs. */
import * as Effect from "effect/Effect"

const SILENT_MS = 600

/** By `performance.now()`, which counts from the start of the process. */
let lastSaid = 0

/** `effect`, with `text` on stderr where it takes long. */
export const sayWhenSlow =
  (text: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const say = (): void => {
      lastSaid = performance.now()
      process.stderr.write(`${text}\n`)
    }
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const left = lastSaid + SILENT_MS - performance.now()
        // Nor by a timer, which has to wait for modules that are being loaded.
        return left <= 0 ? void say() : setTimeout(say, left)
      }),
      () => effect,
      (timer) => Effect.sync(() => clearTimeout(timer))
    )
  }
