/** What is known of a run while it goes on: its events, folded into one row per stage. */
import type { RunEvent, RunFinished, StageFinished, StageProgress, StageStatus } from "../../run/event.ts"
import { NEVER_RAN } from "../../plan/explain.ts"
import { eventLine, startedText } from "./event-line.ts"

export interface StageRow {
  readonly id: string
  readonly needs: ReadonlyArray<string>
  state: "pending" | "waiting" | "running" | StageStatus
  /** What it waits for, or why it runs. */
  detail: string
  /** Unix time in milliseconds at which it began to be in its state. */
  since: number
  progress: StageProgress | undefined
  finished: StageFinished | undefined
}

export interface RunView {
  readonly rows: ReadonlyMap<string, StageRow>
  /** What people should know besides: warnings, losses, what other parts of the program say. */
  readonly notes: ReadonlyArray<string>
  readonly startedAt: number | undefined
  readonly finished: RunFinished | undefined
  /** Seconds that stages took when they ran last, by id. */
  readonly expected: ReadonlyMap<string, number>
  readonly apply: (event: RunEvent) => void
  readonly note: (line: string) => void
}

export const makeRunView = (expected: ReadonlyMap<string, number> = new Map()): RunView => {
  const rows = new Map<string, StageRow>()
  const notes: Array<string> = []
  let startedAt: number | undefined
  let finished: RunFinished | undefined

  const note = (line: string | undefined): void => {
    if (line !== undefined) notes.push(line)
  }
  const change = (id: string, more: Partial<StageRow>): void => {
    const row = rows.get(id)
    if (row !== undefined) rows.set(id, { ...row, ...more })
  }
  const apply = (event: RunEvent): void => {
    switch (event.type) {
      case "run-started":
        startedAt = event.at
        for (const { id, needs } of event.stages) {
          const rest = { detail: "", since: event.at, progress: undefined, finished: undefined }
          rows.set(id, { id, needs, state: "pending", ...rest })
        }
        return
      case "stage-waiting":
        return change(event.id, { state: "waiting", detail: event.for, since: event.at })
      case "stage-started":
        return change(event.id, {
          state: "running",
          detail: event.reasons.some(({ path }) => path === NEVER_RAN) ? "" : startedText(event),
          since: event.at,
          progress: undefined,
          finished: undefined
        })
      case "stage-progress":
        return change(event.id, { progress: event })
      case "stage-finished":
        return change(event.id, { state: event.status, since: event.at, finished: event })
      // Its row says it.
      case "stage-interrupted":
        return
      case "run-finished":
        finished = event
        return
      case "stage-retry":
        change(event.id, {
          state: "waiting",
          detail: `its next attempt: ${event.problem.split("\n")[0]}`,
          since: event.at
        })
        return note(eventLine(event))
      default:
        return note(eventLine(event))
    }
  }
  return {
    rows,
    notes,
    expected,
    apply,
    note,
    get startedAt() {
      return startedAt
    },
    get finished() {
      return finished
    }
  }
}
