/**
 * How well SAEs reconstruct rows, and how their latents fire, in one pass over the rows in f64. Expectations are over the
 * whole set: an average of per-batch ratios is another number, and has another name.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { RowBatch, RowSet } from "../../kinds/activations/row-set.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { LatentStatistics } from "../../kinds/evaluation/evaluation-handle.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { encodeRows, type SaeModel } from "../sae-model.ts"
import type { HeldOutUnits } from "./held-out-units.ts"
import {
  groupFigures,
  type GroupFigures,
  meanIntervals,
  reconstructionFigures,
  type ReconstructionFigures,
  reconstructionIntervals
} from "./reconstruction-figures.ts"
import { makeReconstructionSums } from "./reconstruction-sums.ts"
import { makeErrorSums, makeRowSums, oneGroup, type RowGroups, type RowOrigin } from "./row-sums.ts"

/** As much of a set of rows as is read here. */
export interface EvaluatedRows {
  readonly batches: number
  readonly readBatch: (
    index: number
  ) => Effect.Effect<Pick<RowBatch, "first" | "rows" | "activation" | "document" | "position" | "token">, ArtifactError>
}

export interface Reconstruction extends ReconstructionFigures {
  readonly latents: LatentStatistics
  /** Of the metrics that have some, where units were given and there are enough of them. */
  readonly intervals: Readonly<Record<string, Interval | undefined>>
  /** Of the columns of each of `parts`. */
  readonly parts: ReadonlyArray<Pick<Reconstruction, "mse" | "explained_variance" | "cosine" | "intervals">>
  /** Of the means over the parts. */
  readonly meanIntervals: Readonly<Record<"explained_variance" | "cosine", Interval | undefined>>
  /** Of the groups of each of `groupings`. */
  readonly groups: ReadonlyArray<ReadonlyArray<GroupFigures | undefined>>
}

export interface ReconstructionOptions {
  /** Of a transcoder: what each row of the set has to become, row by row. */
  readonly target?: RowSet | undefined
  /** Widths of what stands side by side in an output row, each of which is also measured alone. */
  readonly parts?: ReadonlyArray<number>
  /** What intervals are over; none without it. */
  readonly units?: HeldOutUnits
  /** What the rows are also measured by. */
  readonly groupings?: ReadonlyArray<RowGroups>
  /** Told the number of rows done so far. */
  readonly onRows?: (done: number) => void
}

/** Rows whose own mean the definitions of explained variance by batches are about: 16 prompts of 128 tokens, as in SAEBench. */
const blockRows = 2048

/** How often and how strongly each latent fires. */
const makeLatentSums = (d_sae: number) => {
  const [fired, sum, max] = [new Float64Array(d_sae), new Float64Array(d_sae), new Float64Array(d_sae)]
  const add = (latent: Int32Array, values: Float32Array): void => {
    for (const [i, value] of values.entries()) {
      const j = latent[i]!
      fired[j]! += 1
      sum[j]! += value
      if (value > max[j]!) max[j] = value
    }
  }
  const result = (rows: number): LatentStatistics => ({
    density: fired.map((count) => count / rows),
    mean_active: sum.map((all, j) => (fired[j] === 0 ? 0 : all / fired[j]!)),
    max
  })
  return { add, result }
}

/**
 * Several SAEs in one pass over the rows that all of them read: what is of the rows is computed once, and each gets the
 * figures that it gets alone, to the last bit.
 *
 * @param saes of one input and one output width
 */
export const evaluateReconstructions = (
  saes: ReadonlyArray<SaeModel>,
  set: EvaluatedRows,
  { target, parts = [], units, groupings = [], onRows = () => {} }: ReconstructionOptions = {}
): Effect.Effect<ReadonlyArray<Reconstruction>, ArtifactError> =>
  Effect.gen(function* () {
    const [{ d_in, d_out }] = saes as readonly [SaeModel]
    const unitGroups: RowGroups =
      units === undefined ? oneGroup : { count: units.count, of: (row) => units.of(row.document, row.position) }
    const all = [unitGroups, ...groupings]
    const rowSums = makeRowSums(d_out, all)
    const columns = columnsOf(parts)
    const subjects = saes.map((sae) => ({
      sae,
      errors: makeErrorSums(d_out, all),
      latents: makeLatentSums(sae.d_sae),
      parts: parts.map((width) => makeReconstructionSums(width, unitGroups))
    }))
    for (let index = 0; index < set.batches; index++) {
      const batch = yield* set.readBatch(index)
      const wanted = target === undefined ? batch.activation : yield* target.loadRows(batch.first, batch.rows)
      for (let first = 0; first < batch.rows; first += blockRows) {
        const last = Math.min(batch.rows, first + blockRows)
        const origin = (row: number): RowOrigin => ({
          document: batch.document[first + row]!,
          position: batch.position[first + row]!,
          token: batch.token[first + row]!
        })
        const x = wanted.subarray(first * d_out, last * d_out)
        const block = rowSums.add(x, origin)
        for (const { sae, errors, latents, parts: partSums } of subjects) {
          const { xHat, active } = run(sae, batch.activation.subarray(first * d_in, last * d_in), latents.add)
          errors.add(block, xHat, active)
          for (const [m, column] of columns.entries()) {
            partSums[m]!.add(cut(x, d_out, column), cut(xHat, d_out, column), origin)
          }
        }
      }
      onRows(batch.first + batch.rows)
    }
    const draws = () => Rng.make(0, "intervals of reconstruction")
    return subjects.map(({ errors, latents, parts: partSums }) => {
      const figures = reconstructionFigures(rowSums, errors)
      return {
        ...figures,
        // One group of all rows has no interval.
        intervals: reconstructionIntervals({ rows: rowSums, errors }, draws()),
        parts: partSums.map((part) => ({ ...part.result(), intervals: part.intervals(draws()) })),
        meanIntervals: meanIntervals(
          partSums.map(({ measured }) => measured),
          draws()
        ),
        groups: groupings.map((_, g) => groupFigures(rowSums, errors, g + 1)),
        latents: latents.result(figures.rows)
      }
    })
  })

/** One SAE. */
export const evaluateReconstruction = (sae: SaeModel, set: EvaluatedRows, options: ReconstructionOptions = {}) =>
  Effect.map(evaluateReconstructions([sae], set, options), ([result]) => result as Reconstruction)

interface Columns {
  readonly start: number
  readonly width: number
}

const columnsOf = (widths: ReadonlyArray<number>): ReadonlyArray<Columns> =>
  widths.map((width, m) => ({ start: widths.slice(0, m).reduce((sum, other) => sum + other, 0), width }))

/** Those columns of rows of `d` numbers. */
const cut = (rows: Float32Array, d: number, { start, width }: Columns): Float32Array => {
  const result = new Float32Array((rows.length / d) * width)
  for (let row = 0; row * d < rows.length; row++) {
    result.set(rows.subarray(row * d + start, row * d + start + width), row * width)
  }
  return result
}

/** Reconstructions of the rows, and how many latents fire on each; `seen` is told which, and how strongly. */
const run = (sae: SaeModel, rows: Float32Array, seen: (latent: Int32Array, values: Float32Array) => void) => {
  const { d_in, d_out, d_sae } = sae
  const count = rows.length / d_in
  const step = encodeRows(d_sae)
  const xHat = new Float32Array(count * d_out)
  const active = new Int32Array(count)
  for (let first = 0; first < count; first += step) {
    const last = Math.min(count, first + step)
    const part = tf.tidy(() => {
      const x = tf.tensor2d(rows.slice(first * d_in, last * d_in), [last - first, d_in])
      const codes = sae.encode(x)
      for (let row = 0; row < codes.rows; row++) active[first + row] = codes.rowStart[row + 1]! - codes.rowStart[row]!
      seen(codes.latent, codes.value.dataSync<"float32">())
      return sae.decode(codes, x).dataSync<"float32">()
    })
    xHat.set(part, first * d_out)
  }
  return { xHat, active }
}
