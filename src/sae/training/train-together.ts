/**
 * Trains several SAEs in one pass over rows that they share: what they read is loaded once, and each ends with the same
 * bits as one that was trained by itself.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { StoredSae } from "../../kinds/sae/stored/stored-sae.ts"
import { stageFailed, type StageFailed } from "../../stage/stage-failed.ts"
import type { RowSource } from "../../activations/row-source.ts"
import type { TrainingOptions } from "../training-options.ts"
import { sampleSeed } from "../rows/data-order.ts"
import { type ScaledRows, scaledRows, type TrainingRows } from "../rows/training-rows.ts"
import type { TrainedSae } from "./trained-sae.ts"
import { startRun, type TrainingHooks, type TrainingRun } from "./training-run.ts"

export interface Member {
  readonly options: TrainingOptions
  readonly hooks?: TrainingHooks
  /** An earlier SAE to go on from. */
  readonly init?: StoredSae
}

/** Results in the order of the members. Where one fails, all have failed; their checkpoints stay. */
export const trainTogether = (
  rows: RowSource | TrainingRows,
  members: ReadonlyArray<Member>
): Effect.Effect<ReadonlyArray<TrainedSae>, StageFailed | ArtifactError> =>
  Effect.scoped(Effect.suspend(() => train(rows, members)))

type Batches = ReturnType<ScaledRows["batches"]>

/** Members whose batches are the same to the last bit. */
interface Stream {
  readonly runs: ReadonlyArray<TrainingRun>
  readonly batch: Batches
  /** Other batches, for what is estimated at the end. */
  readonly sample: Batches
}

const train = Effect.fnUntraced(function* (source: RowSource | TrainingRows, members: ReadonlyArray<Member>) {
  const scaled = new Map<string, ScaledRows>()
  const streams = new Map<string, { runs: Array<TrainingRun>; batch: Batches; sample: Batches }>()
  const runs: Array<TrainingRun> = []
  for (const { normalize } of members.map(({ options }) => options)) {
    const rows = scaled.get(normalize) ?? scaledRows(source, normalize)
    if (typeof rows === "string") return yield* stageFailed(rows)
    scaled.set(normalize, rows)
  }
  for (const { begin } of scaled.values()) yield* begin
  for (const { options, hooks = {}, init } of members) {
    const rows = scaled.get(options.normalize) as ScaledRows
    const run = yield* startRun(rows, options, hooks, init)
    runs.push(run)
    const { batch_rows, seed, normalize } = run.options
    const name = JSON.stringify([batch_rows, seed, normalize])
    const stream = streams.get(name) ?? {
      runs: [],
      batch: rows.batches(batch_rows, seed),
      sample: rows.batches(batch_rows, sampleSeed(seed))
    }
    stream.runs.push(run)
    streams.set(name, stream)
  }
  yield* inStep([...streams.values()])
  for (let i = 0; ; i++) {
    const open = runs.filter((run) => i < run.samples)
    if (open.length === 0) break
    for (const stream of streams.values()) {
      const wanting = stream.runs.filter((run) => i < run.samples)
      if (wanting.length === 0) continue
      const { x, target } = yield* stream.sample(i)
      for (const run of wanting) run.sample({ x, target })
      tf.dispose([x, target])
    }
  }
  return yield* Effect.forEach(runs, (run) => run.finish())
})

/** Members may go on from different steps: those ahead wait until the others have come to where they are. */
const inStep = Effect.fnUntraced(function* (streams: ReadonlyArray<Stream>) {
  for (;;) {
    const open = streams.flatMap(({ runs }) => runs.filter((run) => run.steps() < run.options.steps))
    if (open.length === 0) return
    const step = Math.min(...open.map((run) => run.steps()))
    for (const { runs, batch } of streams) {
      const due = runs.filter((run) => run.steps() === step && open.includes(run))
      if (due.length === 0) continue
      const { x, target } = yield* batch(step)
      for (const run of due) yield* run.step({ x, target })
      tf.dispose([x, target])
    }
  }
})
