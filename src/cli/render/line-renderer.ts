/** Without a terminal: one line per event on stderr, progress at most every few seconds per stage. */
import type { RunEvent, StageFinished } from "../../run/event.ts"
import { eventLine, skippedText } from "./event-line.ts"
import type { Renderer } from "./renderer.ts"

/** A log file is read later: progress every ten seconds says enough. */
const PROGRESS_EVERY_MS = 10_000

export const lineRenderer = (write: (line: string) => void): Renderer => {
  const shown = new Map<string, number>()
  /** Whom a stage waits for changes again and again: a log needs it once. */
  const waiting = new Set<string>()
  const skipped: Array<StageFinished> = []
  const isDue = (event: RunEvent): boolean => {
    if (event.type === "stage-waiting") return waiting.size < waiting.add(event.id).size
    if (event.type === "stage-started") {
      shown.set(event.id, event.at)
      waiting.delete(event.id)
    }
    if (event.type !== "stage-progress") return true
    if (event.at - (shown.get(event.id) ?? 0) < PROGRESS_EVERY_MS) return false
    shown.set(event.id, event.at)
    return true
  }
  return {
    onEvent: (event) => {
      // Ten skips of one failure are one line.
      if (event.type === "stage-finished" && event.status === "skipped") return void skipped.push(event)
      if (event.type === "run-finished") for (const line of skippedText(skipped)) write(`skipped  ${line}`)
      const line = isDue(event) ? eventLine(event) : undefined
      if (line !== undefined) write(line)
    },
    note: write,
    stopping: () => write("stops    what runs saves what it has"),
    close: async () => {}
  }
}
