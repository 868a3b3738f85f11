/** What shows a run while it goes on. It is told every event and runs nothing. */
import type { RunEvent } from "../../run/event.ts"

export interface Renderer {
  readonly onEvent: (event: RunEvent) => void
  /** A line of another part of the program, which must not be written into what is drawn. */
  readonly note: (line: string) => void
  /** The person has asked for the end (Ctrl-C). */
  readonly stopping: () => void
  /** Called once after the last event; resolves when everything is on the screen. */
  readonly close: () => Promise<void>
}
