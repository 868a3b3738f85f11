/** Work whose result several processes want, such as a download: one does it, the others wait for the result. */
import * as Effect from "effect/Effect"
import { formatOwner, tryLease } from "./lease.ts"
import type { Unwritable } from "./unwritable.ts"

const LOOK_EVERY_MS = 500

export interface WorkOnce<E> {
  /** Whether the result is there. */
  readonly done: () => boolean
  /** Told once, when somebody else is at it. */
  readonly onWait: (owner: string) => void
  /** Ends in an atomic step, so that losing the lease does no harm. */
  readonly work: Effect.Effect<void, E>
  /** For whoever waits for us. */
  readonly purpose: string
}

/** @param lease a folder of its own, which exists while somebody is at work */
export const workOnce = Effect.fnUntraced(function* <E>(
  lease: string,
  { done, onWait, work, purpose }: WorkOnce<E>
): Effect.fn.Return<void, E | Unwritable> {
  let waiting = false
  while (!done()) {
    const attempt = Effect.gen(function* () {
      const claimed = yield* tryLease({ directory: lease, purpose })
      if (claimed._tag === "busy") return formatOwner(claimed.owner)
      if (!done()) yield* work
      return undefined
    })
    const owner = yield* Effect.scoped(attempt)
    if (owner === undefined) return
    if (!waiting) onWait(owner)
    waiting = true
    yield* Effect.sleep(LOOK_EVERY_MS)
  }
})
