/** What the events of a run, past or going on, come to. */
import type { RunEvent, RunFinished, RunStarted, StageOutcome } from "./event.ts"

export interface StageState {
  readonly status: "waiting" | "running" | StageOutcome["status"]
  /** Null while it is not known. */
  readonly key: string | null
  /** Once it has ended. */
  readonly outcome: StageOutcome | undefined
}

export interface RunState {
  readonly started: RunStarted | undefined
  /** By instance id; those alone that something was told of. */
  readonly stages: ReadonlyMap<string, StageState>
  /** Undefined while it goes on, and for ever where it was killed. */
  readonly finished: RunFinished | undefined
}

export const runState = (events: ReadonlyArray<RunEvent>): RunState => {
  let started: RunStarted | undefined
  let finished: RunFinished | undefined
  const stages = new Map<string, StageState>()
  for (const event of events) {
    switch (event.type) {
      case "run-started":
        started = event
        break
      case "stage-waiting":
        stages.set(event.id, { status: "waiting", key: null, outcome: undefined })
        break
      case "stage-started":
        stages.set(event.id, { status: "running", key: event.key, outcome: undefined })
        break
      case "stage-finished":
        stages.set(event.id, { status: event.status, key: event.key, outcome: event })
        break
      case "run-finished":
        finished = event
        for (const outcome of event.stages) stages.set(outcome.id, { ...outcome, outcome })
    }
  }
  return { started, stages, finished }
}
