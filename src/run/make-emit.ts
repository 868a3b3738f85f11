/** Where the events of a run go: to whoever listens, and into its record. */
import type { RunRecord } from "../store/run-record.ts"
import type { RunEvent } from "./event.ts"
import type { RunContext, Untimed } from "./run-context.ts"
import type { RunRequest } from "./run-options.ts"

/** `events.ndjson` is read by people: a line every five seconds tells enough of a stage's progress. */
const PROGRESS_LINE_MS = 5_000

/** Gives each event its time. The listener gets all of them, the record all but the progress in between. */
export const makeEmit = (record: RunRecord, onEvent: RunRequest["onEvent"]): RunContext["emit"] => {
  const written = new Map<string, number>()
  return (untimed: Untimed) => {
    const event = { ...untimed, at: Date.now() } as RunEvent
    onEvent(event)
    if (event.type === "stage-progress") {
      const complete = event.done >= event.total
      if (!complete && event.at - (written.get(event.id) ?? 0) < PROGRESS_LINE_MS) return
      written.set(event.id, event.at)
    }
    record.append(event)
  }
}
