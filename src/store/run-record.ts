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
  readonly instances: ReadonlyArray<{
    readonly id: string
    readonly stage: string
    readonly at: Coordinates
    /** Ids of the instances above. */
    readonly needs: ReadonlyArray<string>
    /** Its bytes may go when what needs them is done. */
    readonly temp: boolean
  }>
  /** As they were appended; a last one that is still being written is left out. */
  readonly events: Effect.Effect<ReadonlyArray<unknown>>
  /** Those behind a place in the record, 0 at first, and the place behind them: for who follows a run. */
  readonly eventsAfter: (
    place: number
  ) => Effect.Effect<{ readonly events: ReadonlyArray<unknown>; readonly next: number }>
  /** Whether the process that leads the run still does; unknown where it is out of sight, on another machine. */
  readonly head: Effect.Effect<"alive" | "dead" | "unknown">
  /** Undefined where the stage printed nothing in this run. */
  readonly log: (instance: string) => Effect.Effect<{ readonly path: string; readonly text: string } | undefined>
  /** The bytes of that log behind a place, 0 at first, and the place behind them: none while there is no log. */
  readonly logAfter: (
    instance: string,
    place: number
  ) => Effect.Effect<{ readonly bytes: Uint8Array; readonly next: number }>
}
