/**
 * A uniformly random permutation of training rows, however many: every row goes to a bucket drawn at random, and each
 * bucket, small enough for the memory, is permuted by itself (Rao 1961, Sandelius 1962). Held-out rows stay as they are.
 */
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { activationsBatchRows, activationsRowBytes } from "../kinds/activations/activations-columns.ts"
import { openActivations } from "./open-activations.ts"
import type { ActivationsHandle, ActivationsInfo } from "../kinds/activations/activations-handle.ts"
import type { RowSet } from "../kinds/activations/row-set.ts"
import type { Artifact, ArtifactWriter } from "../artifact/artifact.ts"
import { linkFiles } from "../artifact/link-files.ts"
import { openRowSetWriter, type RowColumns, writeActivationsInfo } from "../kinds/activations/write-activations.ts"
import * as Rng from "../random/rng.ts"
import type { Progress } from "../stage/progress.ts"
import { checkedBatch } from "./checked-batch.ts"
import { makeNormHistogram } from "./norm-histogram.ts"
import { openRowBuckets } from "./row-buckets.ts"
import { breathe } from "../stage/breathe.ts"

export interface ShuffleOptions {
  readonly seed: number
  /** Expected size of a bucket; larger where there would be too many. */
  readonly bucketBytes: number
  readonly progress: (progress: Progress) => void
}

/** Each is an open file with a buffer of its own. */
const mostBuckets = 512

const columnsOf = (rows: number, d_in: number): RowColumns => ({
  activation: new Float32Array(rows * d_in),
  norm: new Float32Array(rows),
  document: new Int32Array(rows),
  position: new Int32Array(rows),
  token: new Int32Array(rows)
})

/** Fails where a row holds NaN or infinite numbers. */
export const shuffleActivations = Effect.fn("shuffleActivations")(function* (
  { value, artifact }: { readonly value: ActivationsHandle; readonly artifact: Artifact },
  output: ArtifactWriter,
  { seed, bucketBytes, progress }: ShuffleOptions
) {
  const source = yield* openActivations(value)
  const { train, held_out: heldOut, d_in, dtype, hook, model, tokens } = source
  const bytes = train.rows * activationsRowBytes(d_in, dtype)
  const count = Math.min(mostBuckets, Math.max(1, Math.ceil(bytes / bucketBytes)))
  const metadata = { hook, model, tokens, dtype }
  const openSet = (path: string) => openRowSetWriter(output, { path, d_in, dtype, metadata, materialize: true })
  const histogram = makeNormHistogram()
  const stored = source.computed === undefined
  const total = 2 * train.rows + (stored ? 0 : heldOut.rows)
  let done = 0
  const advance = (rows: number): void => {
    done += rows
    progress({ done, total, unit: "rows" })
  }

  const writer = yield* openSet("train.arrow")
  yield* Effect.scoped(
    Effect.gen(function* () {
      const buckets = yield* openRowBuckets(join(output.directory, "buckets"), count, d_in, dtype)
      const draw = Rng.make(seed, "buckets of rows")
      for (let b = 0; b < train.batches; b++) {
        const batch = yield* checkedBatch(source, train, b)
        histogram.add(batch.norm, 0, batch.rows)
        for (let row = 0; row < batch.rows; row++) {
          const full = buckets.add(batch, row, draw.int(count))
          if (full !== undefined) yield* full
        }
        advance(batch.rows)
        yield* breathe
      }
      const columns = columnsOf(activationsBatchRows(d_in, dtype), d_in)
      for (let bucket = 0; bucket < count; bucket++) {
        const taken = yield* buckets.take(bucket)
        const order = Rng.make(seed, `rows of bucket ${bucket}`).permutation(taken.rows)
        for (let first = 0; first < taken.rows; first += columns.norm.length) {
          const rows = Math.min(columns.norm.length, taken.rows - first)
          for (let i = 0; i < rows; i++) taken.copy(order[first + i] as number, columns, i)
          yield* writer.append(columns, 0, rows)
        }
        advance(taken.rows)
        yield* breathe
      }
    })
  )
  const facts = yield* writer.finish

  const rewritten = Effect.fnUntraced(function* (set: RowSet) {
    const held = yield* openSet("held_out.arrow")
    for (let b = 0; b < set.batches; b++) {
      const batch = yield* checkedBatch(source, set, b)
      histogram.add(batch.norm, 0, batch.rows)
      yield* held.append(batch, 0, batch.rows)
      advance(batch.rows)
      yield* breathe
    }
    return yield* held.finish
  })
  const own = ["activations.json", "train.arrow", "artifact.json", "metrics.json"]
  const paths = artifact.files.map(({ path }) => path)
  yield* linkFiles(artifact, output, {
    paths: paths.filter((path) => !own.includes(path) && !path.startsWith("model/"))
  })
  const held = stored
    ? { rows: heldOut.rows, batch_rows: heldOut.batch_rows, positions_sha256: heldOut.positions_sha256 }
    : yield* rewritten(heldOut)
  const { context_size, mask, split } = source
  const info: ActivationsInfo = {
    hook,
    d_in,
    dtype,
    ...(source.precision === undefined ? {} : { precision: source.precision }),
    model,
    tokens,
    context_size,
    mask,
    split,
    order: { by: "shuffle", seed }
  }
  yield* writeActivationsInfo(output, info, {
    train: facts,
    held_out: held,
    norm: stored ? source.norm : histogram.summary(),
    outliers: (yield* source.outliers).length,
    materialized: true
  })
  return { rows: train.rows, buckets: count }
})
