/** What a store keeps of runs, for people: the plan, the events, a log per stage. */
import type * as Effect from "effect/Effect"
import type { Coordinates } from "../stage/coordinates.ts"

/** Of a run that goes on. */
export interface RunRecord {
  readonly id: string
  /** Where a person finds it. */
  readonly place: string
  /** The file that gets what a stage prints. */
  readonly log: (instance: string) => string
  /** What cannot be written is dropped: events are for display, results are elsewhere. */
  readonly append: (event: unknown) => void
}

/** Of any run. */
export interface RunSummary {
  readonly id: string
  readonly place: string
  /** The experiment file of its plan. */
  readonly experiment: string
  /** All stage instances of its plan, by matrix in the order of the plan. */
  readonly instances: ReadonlyArray<{ readonly id: string; readonly stage: string; readonly at: Coordinates }>
  /** As they were appended; a last one that is still being written is left out. */
  readonly events: Effect.Effect<ReadonlyArray<unknown>>
  /** Undefined where the stage printed nothing in this run. */
  readonly log: (instance: string) => Effect.Effect<{ readonly path: string; readonly text: string } | undefined>
}
