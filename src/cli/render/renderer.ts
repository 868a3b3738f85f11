/** What shows a run while it goes on. It is told every event and runs nothing. */
import type { RunEvent } from "../../run/event.ts"

export interface Renderer {
  readonly onEvent: (event: RunEvent) => void
  /** Called once after the last event; resolves when everything is on the screen. */
  readonly close: () => Promise<void>
}
