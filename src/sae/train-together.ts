/**
 * Trains several SAEs on one stream of rows: every batch is read once, whoever needs it takes its step, and each ends with
 * the same bits as one that was trained by itself.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { StoredSae } from "../artifact/formats/stored-sae.ts"
import { stageFailed, type StageFailed } from "../stage/stage-failed.ts"
import type { RowSource } from "./row-source.ts"
import type { TrainingOptions } from "./training-options.ts"
import { type ScaledRows, scaledRows, type TrainingRows } from "./training-rows.ts"
import { startRun, type TrainedSae, type TrainingHooks, type TrainingRun } from "./training-run.ts"

export interface Member {
  readonly options: TrainingOptions
  readonly hooks?: TrainingHooks
  /** An earlier SAE to go on from. */
  readonly init?: StoredSae
}

/** What members of one stream have in common: the order of the rows, and what they are divided by. */
export const streamOf = ({ seed, batch_rows, normalize }: TrainingOptions): string =>
  JSON.stringify([seed, batch_rows, normalize])

/** Results in the order of the members. Where one fails, all have failed; their checkpoints stay. */
export const trainTogether = (
  rows: RowSource | TrainingRows,
  members: readonly [Member, ...ReadonlyArray<Member>]
): Effect.Effect<ReadonlyArray<TrainedSae>, StageFailed | ArtifactError> =>
  Effect.scoped(Effect.suspend(() => train(rows, members)))

const train = Effect.fnUntraced(function* (
  source: RowSource | TrainingRows,
  members: readonly [Member, ...ReadonlyArray<Member>]
) {
  const streams = new Set(members.map(({ options }) => streamOf(options)))
  if (streams.size > 1) {
    return yield* stageFailed(
      `SAEs with seed, batch_rows and normalize of ${[...streams].join(" and ")} share no stream`
    )
  }
  const rows: ScaledRows | string = scaledRows(source, members[0].options.normalize)
  if (typeof rows === "string") return yield* stageFailed(rows)
  const runs: ReadonlyArray<TrainingRun> = yield* Effect.forEach(members, ({ options, hooks = {}, init }) =>
    startRun(rows, options, hooks, init === undefined ? {} : { init })
  )
  const { batch_rows, seed } = (runs[0] as TrainingRun).options
  const batch = rows.batches(batch_rows, seed)
  // Members may go on from different steps: those ahead wait until the others have come to where they are.
  for (;;) {
    const open = runs.filter((run) => run.steps() < run.options.steps)
    if (open.length === 0) break
    const step = Math.min(...open.map((run) => run.steps()))
    const { x, target } = yield* batch(step)
    for (const run of open) if (run.steps() === step) yield* run.step({ x, target })
    tf.dispose([x, target])
  }
  const results: Array<TrainedSae> = []
  for (const run of runs) results.push(yield* run.finish(rows.batches(batch_rows, seed ^ 0x7e5e)))
  return results
})
