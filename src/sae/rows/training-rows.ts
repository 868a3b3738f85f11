/**
 * What a training step reads: rows of one source, of several side by side (a crosscoder), or with rows of another one to
 * reconstruct (a transcoder). Each source has a scale of its own.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import { dataOrder, givenOrder, replacementOrder } from "./data-order.ts"
import { layerNormRows } from "./layer-norm-rows.ts"
import type { RowSource } from "../../activations/row-source.ts"
import { rowStatistics, type RowStatistics } from "./row-statistics.ts"
import type { SharedOptions } from "../settings/shared-options.ts"

export interface TrainingRows {
  /** One or more, of equally many rows; row i of each belongs together. */
  readonly sources: ReadonlyArray<RowSource>
  /** What is reconstructed, where it is not the sources themselves. */
  readonly target?: RowSource
  /** Whether a penalty weighs decoder rows of several sources as one, as in an SAE on concatenated activations. */
  readonly whole?: boolean
}

/** Rows of one step, in the scale of training: [n, d_in], and what they are to become, the same tensor but for transcoders. */
export interface ScaledBatch {
  readonly x: tf.Tensor2D
  readonly target: tf.Tensor2D
}

export interface ScaledRows {
  readonly rows: number
  readonly d_in: number
  readonly d_out: number
  /** Widths of the sources, and what each was divided by. */
  readonly parts: ReadonlyArray<{ readonly width: number; readonly scale: number }>
  readonly transcoder: boolean
  /** Widths of the parts of an output row whose decoder norms a penalty adds up. */
  readonly penalized: ReadonlyArray<number>
  /** What outputs were divided by: the target's scale, or the root mean square of the sources' scales. */
  readonly scale: number
  /** Of what is reconstructed, in the scale of training: mean |x - mean x|^2, and the geometric median. */
  readonly variance: number
  readonly median: Float64Array<ArrayBuffer>
  /** These rows; of sources that are streams, only ones that were loaded. */
  readonly batch: (indices: Uint32Array) => ScaledBatch
  /** After the statistics, before the first batch: rows that only they needed are let go of. */
  readonly begin: Effect.Effect<void, StageFailed | ArtifactError>
  /**
   * Batch after batch, each a pure function of its number: from one global permutation after another, drawn by `seed`, or with
   * replacement; or, where sources are streams, in their own order, which is random already.
   */
  readonly batches: (
    batchRows: number,
    seed: number
  ) => (index: number) => Effect.Effect<ScaledBatch, StageFailed | ArtifactError>
}

const scaleOf = (normalize: SharedOptions["normalize"], statistics: RowStatistics, width: number): number =>
  normalize === "mean_square"
    ? statistics.scale
    : normalize === "mean_norm"
      ? statistics.mean_norm / Math.sqrt(width)
      : 1

interface Scaled {
  readonly source: RowSource
  readonly scale: number
  readonly statistics: RowStatistics
}

/**
 * Rows side by side, each source's divided by its scale: [n, sum of widths]. The division is the engine's, so that the
 * numbers on the host can stand in one array batch after batch: a fresh one of 6 MB costs as much as filling it.
 */
const makeGather = (all: ReadonlyArray<Scaled>): ((indices: Uint32Array) => tf.Tensor2D) => {
  const width = all.reduce((sum, { source }) => sum + source.d_in, 0)
  const scales = Float32Array.from(all.flatMap(({ source, scale }) => Array.from({ length: source.d_in }, () => scale)))
  const [only] = all.length === 1 ? all : []
  let host = new Float32Array(0)
  return (indices) => {
    const n = indices.length
    if (host.length < n * width) host = new Float32Array(n * width)
    const rows = host.subarray(0, n * width)
    if (only !== undefined) only.source.gather(indices, rows)
    else {
      let start = 0
      for (const { source } of all) {
        const { d_in } = source
        const own = new Float32Array(n * d_in)
        source.gather(indices, own)
        for (let i = 0; i < n; i++) rows.set(own.subarray(i * d_in, (i + 1) * d_in), i * width + start)
        start += d_in
      }
    }
    return tf.tidy(() => {
      const by = only === undefined ? tf.tensor1d(scales) : tf.scalar(only.scale, "float32")
      return tf.div<tf.Tensor2D>(tf.tensor2d(rows, [n, width]), by)
    })
  }
}

/** The rows ready to train on, or the reason why they cannot be. */
export const scaledRows = (
  given: RowSource | TrainingRows,
  normalize: SharedOptions["normalize"]
): ScaledRows | string => {
  const { sources, target, whole }: TrainingRows = "sources" in given ? given : { sources: [given] }
  const rows = (sources[0] as RowSource).rows
  const scaled = (raw: RowSource): Scaled => {
    const source = normalize === "layer_norm" ? layerNormRows(raw) : raw
    const statistics = rowStatistics(source)
    // As the engine divides by it.
    return { source, statistics, scale: Math.fround(scaleOf(normalize, statistics, source.d_in)) }
  }
  const all = [...sources, ...(target === undefined ? [] : [target])]
  const streams = all.flatMap(({ stream }) => stream ?? [])
  if (streams.length !== 0 && streams.length !== all.length) {
    return "some sources are in random order and others in token order: their rows do not belong together"
  }
  for (const source of all) {
    if (source.rows !== rows) return `the sources have ${rows} and ${source.rows} rows, which do not belong together`
  }
  if (rows < 2) return `training needs at least two rows, and there ${rows === 1 ? "is one" : "are none"}`
  const inputs = sources.map(scaled)
  const outputs = target === undefined ? inputs : [scaled(target)]
  for (const { statistics } of outputs) {
    if (!(statistics.variance > 1e-12 * statistics.scale ** 2)) {
      return `the rows have a variance of ${statistics.variance}: they are all the same, or hold NaN or infinite numbers`
    }
  }
  const gatherInputs = makeGather(inputs)
  const gatherOutputs = makeGather(outputs)
  const batch = (indices: Uint32Array): ScaledBatch => {
    const x = gatherInputs(indices)
    return { x, target: target === undefined ? x : gatherOutputs(indices) }
  }
  const squares = outputs.reduce((sum, { scale }) => sum + scale ** 2, 0)
  return {
    rows,
    d_in: inputs.reduce((sum, { source }) => sum + source.d_in, 0),
    d_out: outputs.reduce((sum, { source }) => sum + source.d_in, 0),
    parts: inputs.map(({ source, scale }) => ({ width: source.d_in, scale })),
    transcoder: target !== undefined,
    penalized:
      whole === true
        ? [outputs.reduce((sum, { source }) => sum + source.d_in, 0)]
        : outputs.map(({ source }) => source.d_in),
    scale: outputs.length === 1 ? (outputs[0] as Scaled).scale : Math.sqrt(squares / outputs.length),
    variance: outputs.reduce((sum, { statistics, scale }) => sum + statistics.variance / scale ** 2, 0),
    median: Float64Array.from(
      outputs.flatMap(({ statistics, scale }) => Array.from(statistics.median, (x) => x / scale))
    ),
    batch,
    begin: Effect.forEach(streams, (stream) => stream.load(Uint32Array.of(0)), { discard: true }),
    batches: (batchRows, seed) => {
      const drawn = sources.every(({ withReplacement }) => withReplacement === true) ? replacementOrder : dataOrder
      const order = streams.length === 0 ? drawn(rows, batchRows, seed) : givenOrder(rows, batchRows)
      const slow = all.flatMap(({ ahead }) => ahead ?? [])
      // Drawn once: where a batch begins another epoch, all rows are put in order anew.
      let next = { index: -1, indices: new Uint32Array(0) }
      return Effect.fnUntraced(function* (index: number) {
        const indices = next.index === index ? next.indices : order.batch(index)
        for (const stream of streams) yield* stream.load(indices)
        const made = yield* Effect.try({ try: () => batch(indices), catch: (cause) => cause }).pipe(
          Effect.catch((cause) => (cause instanceof ArtifactError ? Effect.fail(cause) : Effect.die(cause)))
        )
        if (slow.length > 0) {
          next = { index: index + 1, indices: order.batch(index + 1) }
          for (const ahead of slow) ahead(next.indices)
        }
        return made
      })
    }
  }
}
