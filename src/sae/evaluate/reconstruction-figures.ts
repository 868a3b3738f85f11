/** The metrics that follow from sums over held-out rows: each under the name of its definition, with intervals. */
import { bootstrapIntervals, drawnSum, type Interval } from "../../numeric/bootstrap.ts"
import type { Rng } from "../../random/rng.ts"
import type { ErrorSums, RowSums } from "./row-sums.ts"

const total = (values: Iterable<number>): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

/** Expectations are over all the rows, but where a definition says otherwise. A ratio to nothing is NaN. */
export interface ReconstructionFigures {
  readonly rows: number
  /** Mean number of latents that fire. */
  readonly l0: number
  /** Mean |x - x_hat|^2, summed over the numbers of a row. */
  readonly mse: number
  /** E|x - E x|^2 */
  readonly variance: number
  /** 1 - E|x - x_hat|^2 / E|x - E x|^2: the textbook definition, the mean being that of the whole set. */
  readonly explained_variance: number
  /** Mean over rows of 1 - |x - x_hat|^2 / |x - block mean|^2: SAEBench's and SAELens' `explained_variance_legacy`. */
  readonly explained_variance_legacy: number
  /** Mean over blocks of 1 - sum |x - x_hat|^2 / sum |x - block mean|^2: OpenMOSS; one minus sparsify's FVU. */
  readonly explained_variance_batch: number
  /** Mean over blocks of 1 - Var(x - x_hat) / Var(x): dictionary_learning's `frac_variance_explained`, blind to a constant error. */
  readonly explained_variance_centred: number
  /** 1 - E|x - x_hat|^2 / E|x|^2: about zero, so near one wherever activations have a large mean. */
  readonly explained_variance_uncentred: number
  /** Mean cosine of x and x_hat; 0 for a row whose reconstruction is zero. */
  readonly cosine: number
  /** Mean |x_hat| / |x|: below one where an SAE shrinks. */
  readonly l2_ratio: number
  /** E|x_hat|^2 / E<x, x_hat> (Rajamanoharan et al. 2404.16014, equation 10): one where nothing is gained by rescaling. */
  readonly relative_reconstruction_bias: number
}

export const reconstructionFigures = (rowSums: RowSums, sums: ErrorSums): ReconstructionFigures => {
  const { rows: counts, spread, square } = rowSums.result(0)
  const { active, error, cosine, legacy, output, product, ratio } = sums.groups[0]!
  const rows = total(counts)
  const variance = total(spread) / rows
  const mse = total(error) / rows
  const varies = variance > 0
  const { batch, centred } = sums.blocks
  return {
    rows,
    l0: total(active) / rows,
    mse,
    variance,
    explained_variance: varies ? 1 - mse / variance : Number.NaN,
    explained_variance_legacy: varies ? total(legacy) / rows : Number.NaN,
    explained_variance_batch: total(batch) / batch.length,
    explained_variance_centred: total(centred) / centred.length,
    explained_variance_uncentred: 1 - total(error) / total(square),
    cosine: total(cosine) / rows,
    l2_ratio: total(ratio) / rows,
    relative_reconstruction_bias: total(product) > 0 ? total(output) / total(product) : Number.NaN
  }
}

/** Of the rows of one group. */
export interface GroupFigures {
  readonly rows: number
  readonly l0: number
  readonly mse: number
  /** 1 - their |x - x_hat|^2 over their |x - E x|^2, E x being the mean of all the rows; null where that is nothing. */
  readonly explained_variance: number | null
}

/** One for each group of a grouping; undefined where it has no rows. */
export const groupFigures = (
  rowSums: RowSums,
  sums: ErrorSums,
  grouping: number
): ReadonlyArray<GroupFigures | undefined> => {
  const { rows, spread } = rowSums.result(grouping)
  const { active, error } = sums.groups[grouping]!
  return Array.from(rows, (count, group) => {
    if (count === 0) return undefined
    const about = spread[group]!
    return {
      rows: count,
      l0: active[group]! / count,
      mse: error[group]! / count,
      explained_variance: about > 0 ? 1 - error[group]! / about : null
    }
  })
}

/** Metrics that are ratios of sums over the rows, from how often each group of the first grouping that has rows was drawn. */
const drawnFigures = (rowSums: RowSums, { groups: [first] }: Pick<ErrorSums, "groups">) => {
  const { rows, spread, square } = rowSums.result(0)
  const filled = Array.from(rows.keys()).filter((group) => rows[group]! > 0)
  const of = (values: Float64Array) => Float64Array.from(filled, (group) => values[group]!)
  const [counts, spreads, squares] = [of(rows), of(spread), of(square)]
  const { active, error, cosine, legacy, output, product, ratio } = first!
  const means = { l0: of(active), mse: of(error), cosine: of(cosine), l2_ratio: of(ratio) }
  const [outputs, products, rowwise] = [of(output), of(product), of(legacy)]
  const varies = total(spreads) > 0
  const figures = (times: Int32Array) => {
    const count = drawnSum(times, counts)
    const missed = drawnSum(times, means.mse)
    return {
      l0: drawnSum(times, means.l0) / count,
      mse: missed / count,
      cosine: drawnSum(times, means.cosine) / count,
      l2_ratio: drawnSum(times, means.l2_ratio) / count,
      explained_variance: 1 - missed / drawnSum(times, spreads),
      explained_variance_legacy: varies ? drawnSum(times, rowwise) / count : Number.NaN,
      explained_variance_uncentred: 1 - missed / drawnSum(times, squares),
      relative_reconstruction_bias: drawnSum(times, outputs) / drawnSum(times, products)
    }
  }
  return { units: filled.length, figures }
}

/** Sums over some rows, and over one SAE's reconstructions of them. */
export interface MeasuredRows {
  readonly rows: RowSums
  readonly errors: ErrorSums
}

/**
 * How far metrics would move with other held-out text: intervals over the groups of the first grouping, and of what is a mean
 * over blocks over these. The mean that variance is about is that of all the rows: drawing it again too alters an interval by
 * one part in the number of groups.
 */
export const reconstructionIntervals = (
  { rows, errors }: MeasuredRows,
  rng: Rng
): Readonly<Record<string, Interval | undefined>> => {
  const { units, figures } = drawnFigures(rows, errors)
  const { batch, centred } = errors.blocks
  const meanOf = (times: Int32Array, values: ReadonlyArray<number>): number => drawnSum(times, values) / values.length
  return {
    ...bootstrapIntervals([units], figures, rng),
    ...bootstrapIntervals(
      [batch.length],
      (times) => ({
        explained_variance_batch: meanOf(times, batch),
        explained_variance_centred: meanOf(times, centred)
      }),
      rng
    )
  }
}

/** Intervals of means over several sources whose rows are of the same tokens. */
export const meanIntervals = (
  sources: ReadonlyArray<MeasuredRows>,
  rng: Rng
): Readonly<Record<"explained_variance" | "cosine", Interval | undefined>> => {
  const each = sources.map(({ rows, errors }) => drawnFigures(rows, errors))
  const units = each[0]?.units ?? 0
  const { explained_variance, cosine } = bootstrapIntervals(
    [units],
    (times) => {
      const drawn = each.map(({ figures }) => figures(times))
      return {
        explained_variance: total(drawn.map((one) => one.explained_variance)) / drawn.length,
        cosine: total(drawn.map((one) => one.cosine)) / drawn.length
      }
    },
    rng
  )
  return { explained_variance, cosine }
}
