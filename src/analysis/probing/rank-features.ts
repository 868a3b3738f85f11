/**
 * Orders of features by what they tell of a label: the first k of an order are what a probe of k features reads. The rankings of
 * "Finding Neurons in a Haystack" (arXiv 2305.01610, section 3 and appendix), each computed for all k at once.
 */
import { balancedLogistic } from "../../numeric/balanced-logistic.ts"
import { bestSubset } from "../../numeric/best-subset.ts"
import { l1Logistic } from "../../numeric/l1-logistic.ts"
import { mutualInformation } from "../../numeric/mutual-information.ts"
import { byMeanDifference, columnsOf, type Features } from "./features.ts"

export const rankings = ["mean_difference", "mutual_information", "l1", "adaptive_thresholding", "exact"] as const
export type Ranking = (typeof rankings)[number]

/** Features that l1 and adaptive thresholding choose of, by their mean difference: what is beyond is last, in that order. */
const mostKept = 1024
/** Columns in memory at once. */
const columnBlock = 512

/** Divided by their standard deviations, so that a penalty is the same for all. Centring would change the bias alone. */
const scaled = (columns: ReadonlyArray<Float64Array>): ReadonlyArray<Float64Array> =>
  columns.map((column) => {
    const mean = column.reduce((sum, x) => sum + x, 0) / column.length
    const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length)
    return deviation === 0 ? column.map(() => 0) : column.map((x) => x / deviation)
  })

const falling = (scores: ArrayLike<number>): ReadonlyArray<number> =>
  Array.from(scores, (_, i) => i).toSorted((a, b) => scores[b]! - scores[a]! || a - b)

const byMutualInformation = (
  features: Features,
  rows: ReadonlyArray<number>,
  positive: ReadonlyArray<boolean>
): ReadonlyArray<number> => {
  const told = new Float64Array(features.count)
  for (let first = 0; first < features.count; first += columnBlock) {
    const indices = Array.from({ length: Math.min(columnBlock, features.count - first) }, (_, i) => first + i)
    for (const [i, column] of columnsOf(features, indices, rows).entries()) {
      told[first + i] = mutualInformation(column, positive)
    }
  }
  return falling(told)
}

/** From one step of the path to the next, and steps: down to a hundredth of the penalty at which no feature has a weight. */
const [pathRatio, pathSteps] = [0.75, 16]
/** Duality gap. */
const pathTolerance = 1e-4

/**
 * In the order in which columns get a weight while the L1 penalty falls; of one step, by the size of the weight.
 * @returns indices of columns, those without a weight at the end of the path left out
 */
const byL1 = (columns: ReadonlyArray<Float64Array>, positive: ReadonlyArray<boolean>): ReadonlyArray<number> => {
  const rows = positive.length
  const entries = columns.map((column) => Array.from(column.keys()).filter((i) => column[i] !== 0))
  const sparse = {
    rows,
    offsets: Uint32Array.from([0, ...entries.map(({ length }) => length)]).map(
      (
        (sum) => (length) =>
          (sum += length)
      )(0)
    ),
    index: Uint32Array.from(entries.flat()),
    values: Float64Array.from(entries.flatMap((own, j) => own.map((i) => columns[j]![i]!)))
  }
  const cost = new Float64Array(rows).fill(1)
  // No weight at all: the correlations with the residuals, the largest of which is the penalty where the path begins.
  const { correlations } = l1Logistic(sparse, positive, cost, { lambda: Number.MAX_VALUE, tolerance: 1 })
  const largest = correlations.reduce((most, each) => Math.max(most, Math.abs(each)), 0)
  if (largest === 0) return []
  const found: Array<number> = []
  for (let step = 1; step <= pathSteps; step++) {
    const options = { lambda: largest * pathRatio ** step, tolerance: pathTolerance }
    const { weights } = l1Logistic(sparse, positive, cost, options)
    const there = new Set(found)
    found.push(...falling(weights.map(Math.abs)).filter((j) => weights[j] !== 0 && !there.has(j)))
  }
  return found
}

/** A dense probe loses the half of its columns with the least weights, is fitted anew, and so on: the last column is the first. */
const byThresholding = (
  columns: ReadonlyArray<Float64Array>,
  positive: ReadonlyArray<boolean>
): ReadonlyArray<number> => {
  let left: ReadonlyArray<number> = Array.from(columns.keys())
  const lost: Array<ReadonlyArray<number>> = []
  while (left.length > 1) {
    const { weights } = balancedLogistic(
      left.map((j) => columns[j]!),
      positive
    )
    const order = falling(weights.map(Math.abs)).map((i) => left[i]!)
    const half = Math.ceil(left.length / 2)
    lost.unshift(order.slice(half))
    left = order.slice(0, half)
  }
  return [...left, ...lost.flat()]
}

/**
 * @param rows of the features, as many as labels
 * @param among features, by mean difference, that exact search chooses of
 * @returns the features of a probe of k, for any k: prefixes of one order, but for exact search
 */
export const rankFeatures = (
  ranking: Ranking,
  features: Features,
  rows: ReadonlyArray<number>,
  positive: ReadonlyArray<boolean>,
  among: number
): ((k: number) => ReadonlyArray<number>) => {
  const prefixes = (order: ReadonlyArray<number>) => (k: number) => order.slice(0, k)
  if (ranking === "mutual_information") return prefixes(byMutualInformation(features, rows, positive))
  const byDifference = byMeanDifference(features, rows, positive)
  if (ranking === "mean_difference") return prefixes(byDifference)
  const kept = byDifference.slice(0, ranking === "exact" ? among : mostKept)
  const columns = scaled(columnsOf(features, kept, rows))
  if (ranking === "exact") {
    return (k) =>
      bestSubset(columns, positive, k)
        .chosen.map((i) => kept[i]!)
        .toSorted((a, b) => a - b)
  }
  const order = (ranking === "l1" ? byL1 : byThresholding)(columns, positive).map((i) => kept[i]!)
  const there = new Set(order)
  return prefixes([...order, ...byDifference.filter((feature) => !there.has(feature))])
}
