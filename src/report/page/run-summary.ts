/**
 * What `runReport` needs to know of a run. The events of a run hold all of it: `RunFinished.stages` of `src/run/event.ts`
 * are `RunStage` values as they are (this folder knows nothing of the executor, so the types are stated here).
 */

import * as Schema from "effect/Schema"

const RunStageStatus = Schema.Literals(["hit", "ran", "failed", "skipped", "interrupted"])
export type RunStageStatus = typeof RunStageStatus.Type

const RunStage = Schema.Struct({
  id: Schema.String,
  kind: Schema.String,
  status: RunStageStatus,
  /** Spent in this run: 0 for a hit. */
  seconds: Schema.Finite,
  /** What a hit took when it was computed; null otherwise. */
  savedSeconds: Schema.NullOr(Schema.Finite),
  /** Why it was skipped, or what made it fail; null otherwise. */
  problem: Schema.NullOr(Schema.String)
})
export type RunStage = typeof RunStage.Type

export const RunSummary = Schema.Struct({
  /** Id of the run. */
  run: Schema.String,
  status: Schema.Literals(["done", "failed", "interrupted"]),
  /** Wall-clock time of the whole run. */
  seconds: Schema.Finite,
  stages: Schema.Array(RunStage)
})
export type RunSummary = typeof RunSummary.Type

/** A stage instance of the experiment's graph. */
export interface RunGraphNode {
  readonly id: string
  /** The stage that it is an instance of: `sae` of `sae[width=512]`. */
  readonly stage: string
  readonly kind: string
  /** Ids of the instances that must be done first. */
  readonly needs: ReadonlyArray<string>
}

export interface RunReportInput {
  /** The experiment file, as the user wrote it. */
  readonly experiment: string
  /** In the order of the plan. */
  readonly graph: ReadonlyArray<RunGraphNode>
  /** The latest run; undefined where the experiment never ran. */
  readonly run: RunSummary | undefined
  /** Content of the report stage's `report.html`; undefined where there is none. */
  readonly report: string | undefined
}
