/** The events of a run of any process, from its first on, as they are written, until it ends. */
import * as Effect from "effect/Effect"
import type { RunEvent } from "../../run/event.ts"
import type { RunSummary } from "../../store/run-record.ts"
import { isEvent } from "../../run/read-events.ts"

/** A file on any file system can be asked; not every one tells of changes. */
const POLL = "250 millis"

/**
 * `onEvents` is called after every look, with nothing new too. @returns how it ended: `dead` where its process is gone and has
 * not said so, `left` where `onEvents` had enough (gave true)
 */
export const followRun = Effect.fn("followRun")(function* <E, R>(
  run: RunSummary,
  onEvents: (events: ReadonlyArray<RunEvent>) => Effect.Effect<boolean, E, R>
) {
  let place = 0
  for (;;) {
    // Asked first: what a head wrote right before its end is read then.
    const head = yield* run.head
    const { events, next } = yield* run.eventsAfter(place)
    place = next
    const known = events.filter(isEvent)
    if (yield* onEvents(known)) return "left"
    if (known.at(-1)?.type === "run-finished") return "finished"
    if (head === "dead") return "dead"
    yield* Effect.sleep(POLL)
  }
})
