/** The metrics that follow from sums over held-out rows: each under the name of its definition, with intervals. */
import { bootstrapIntervals, drawnSum, type Interval } from "../../numeric/bootstrap.ts"
import type { Rng } from "../../random/rng.ts"
import type { ErrorSums, RowSums } from "./row-sums.ts"

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)

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
  const { rows: counts, spread } = rowSums.result(0)
  const { active, error, cosine, output, product, ratio } = sums.groups[0]!
  const rows = total(counts)
  const variance = total(spread) / rows
  const mse = total(error) / rows
  const varies = variance > 0
  const { count, batch, centred } = sums.blocks
  return {
    rows,
    l0: total(active) / rows,
    mse,
    variance,
    explained_variance: varies ? 1 - mse / variance : Number.NaN,
    explained_variance_legacy: varies ? sums.legacy() / rows : Number.NaN,
    explained_variance_batch: batch / count,
    explained_variance_centred: centred / count,
    explained_variance_uncentred: 1 - total(error) / rowSums.square(),
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

/**
 * How far metrics would move with other held-out text, for each of several SAEs on the same rows: intervals over the groups of
 * the first grouping. The mean that variance is about is that of all the rows: drawing it again too alters an interval by one
 * part in the number of groups.
 */
export const reconstructionIntervals = (
  rowSums: RowSums,
  saes: ReadonlyArray<ErrorSums>,
  rng: Rng
): ReadonlyArray<Readonly<Record<string, Interval | undefined>>> => {
  const { rows, spread } = rowSums.result(0)
  const filled = Array.from(rows.keys()).filter((group) => rows[group]! > 0)
  const of = (values: Float64Array) => Float64Array.from(filled, (group) => values[group]!)
  const [counts, spreads] = [of(rows), of(spread)]
  const subjects = saes.map(({ groups: [first] }, i) => {
    const { active, error, cosine, output, product, ratio } = first!
    const sums = {
      l0: of(active),
      mse: of(error),
      cosine: of(cosine),
      l2_ratio: of(ratio),
      output: of(output),
      product: of(product)
    }
    return { name: (metric: string) => `${i} ${metric}`, sums }
  })
  const intervals = bootstrapIntervals(
    [filled.length],
    (times) => {
      const count = drawnSum(times, counts)
      const varied = drawnSum(times, spreads)
      const values: Record<string, number> = {}
      for (const { name, sums } of subjects) {
        const error = drawnSum(times, sums.mse)
        values[name("l0")] = drawnSum(times, sums.l0) / count
        values[name("mse")] = error / count
        values[name("cosine")] = drawnSum(times, sums.cosine) / count
        values[name("l2_ratio")] = drawnSum(times, sums.l2_ratio) / count
        values[name("explained_variance")] = 1 - error / varied
        values[name("relative_reconstruction_bias")] = drawnSum(times, sums.output) / drawnSum(times, sums.product)
      }
      return values
    },
    rng
  )
  const names = ["l0", "mse", "cosine", "l2_ratio", "explained_variance", "relative_reconstruction_bias"]
  return subjects.map(({ name }) => Object.fromEntries(names.map((metric) => [metric, intervals[name(metric)]])))
}
