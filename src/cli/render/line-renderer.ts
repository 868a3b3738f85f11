/** Without a terminal: one line per event on stderr, progress at most every few seconds per stage. */
import type { RunEvent } from "../../run/event.ts"
import { eventLine } from "./event-line.ts"
import type { Renderer } from "./renderer.ts"

/** A log file is read later: progress every ten seconds says enough. */
const PROGRESS_EVERY_MS = 10_000

export const lineRenderer = (write: (line: string) => void): Renderer => {
  const shown = new Map<string, number>()
  const isDue = (event: RunEvent): boolean => {
    if (event.type === "stage-started") shown.set(event.id, event.at)
    if (event.type !== "stage-progress") return true
    if (event.at - (shown.get(event.id) ?? 0) < PROGRESS_EVERY_MS) return false
    shown.set(event.id, event.at)
    return true
  }
  return {
    onEvent: (event) => {
      const line = isDue(event) ? eventLine(event) : undefined
      if (line !== undefined) write(line)
    },
    close: async () => {}
  }
}
