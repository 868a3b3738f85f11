/** Lets timers and messages have their turn between two blocks of computation that would not give one by themselves. */
import * as Effect from "effect/Effect"

export const breathe: Effect.Effect<void> = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
