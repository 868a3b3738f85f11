/**
 * What happens to requests when their run is to stop: those under way are waited for, since they are paid for, and no further one is
 * sent. A worker has 30 seconds to end in (`PATIENCE` of `src/execute/worker/stop-request.ts`): what takes longer is lost.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"

export interface RequestGate {
  /** The request, once it may be sent. Kept within it, an answer that arrives is kept. */
  readonly through: <A, E, R>(request: Effect.Effect<A, E, R>) => Effect.Effect<A, E | ArtifactError, R>
  /** Sleeps, but no longer than until the run is to stop. */
  readonly wait: (milliseconds: number) => Effect.Effect<void>
}

const pollMs = 200

/** @param end interrupts the stage: its state is saved */
export const requestGate = (stopping: () => boolean, end: Effect.Effect<void, ArtifactError>): RequestGate => {
  let open = 0
  let answered = Deferred.makeUnsafe<void>()
  const lastAnswered = Effect.suspend(() => (open === 0 ? Effect.void : Deferred.await(answered)))
  const left = Effect.suspend(() => {
    if (--open > 0) return Effect.void
    const those = answered
    answered = Deferred.makeUnsafe<void>()
    return Deferred.succeed(those, undefined)
  })
  return {
    through: Effect.fnUntraced(function* (request) {
      if (stopping()) {
        yield* lastAnswered
        yield* end
        return yield* Effect.interrupt
      }
      open++
      return yield* Effect.ensuring(request, left)
    }),
    wait: Effect.fnUntraced(function* (milliseconds) {
      for (let left = milliseconds; left > 0 && !stopping(); left -= pollMs) yield* Effect.sleep(Math.min(left, pollMs))
    })
  }
}

/** Where nothing asks to stop. */
export const openGate: RequestGate = requestGate(() => false, Effect.void)
