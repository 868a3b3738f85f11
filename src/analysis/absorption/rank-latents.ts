/**
 * Ranks SAE latents for each letter by an L1-penalised probe on the codes: the first half of k-sparse probing in Chanin et
 * al. 2409.14507 and SAEBench. For each letter, with N words of which P have the letter, the minimum over w and b of
 *
 *     1/N sum_n c_n log(1 + exp(-y_n (f_n w + b))) + 0.01 |w|_1,    c_n = (N - P) / P for words of the letter, else 1
 *
 * on codes divided by the mean active value, so that the result depends on no unit. SAEBench states the same objective (on
 * codes as they are) and takes 50 steps towards it, which end far from the minimum where there are few words; the order of
 * latents is then much that of the start (`as_saebench`, in `saebench-ranking.ts`).
 */
import { l1Logistic } from "../../numeric/l1-logistic.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { firingLatents, meanActive } from "./firing-latents.ts"

export const lambda = 0.01

export interface LatentRanking {
  /** For each class its best latents, best first: fewer than asked for where fewer have a positive weight. */
  readonly ranked: ReadonlyArray<ReadonlyArray<number>>
  /** The worst of the classes: duality gap as a share of the objective at w = 0. Null where nothing bounds it. */
  readonly gap: number | null
}

/** The latents of the largest positive weights, largest first: only such predict the label. */
export const bestLatents = (
  latents: ReadonlyArray<number>,
  weight: (column: number) => number,
  count: number
): ReadonlyArray<number> =>
  latents
    .map((_, column) => column)
    .filter((column) => weight(column) > 0)
    .toSorted((a, b) => weight(b) - weight(a) || a - b)
    .slice(0, count)
    .map((column) => latents[column]!)

/**
 * @param rows which rows of `codes` to train on
 * @param labels class of each of these rows
 * @param tolerance the duality gap to reach, as a share of the objective at w = 0
 */
export const rankLatents = (
  codes: LatentCodes,
  rows: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  count: number,
  tolerance: number
): LatentRanking => {
  const columns = firingLatents(codes, rows, meanActive(codes))
  const n = rows.length
  let gap = 0
  const ranked = Array.from({ length: classes }, (_, k) => {
    const positive = Array.from(labels, (label) => label === k)
    const positives = positive.reduce((sum, yes) => sum + (yes ? 1 : 0), 0)
    const cost = Float64Array.from(positive, (yes) => (yes ? (n - positives) / positives : 1) / n)
    const fit = l1Logistic(columns, positive, cost, { lambda, tolerance })
    gap = Math.max(gap, fit.gap)
    return bestLatents(columns.latents, (column) => fit.weights[column]!, count)
  })
  return { ranked, gap }
}
