/** The interval of what is computed from sums over rows, where rows of one document are alike: documents are drawn, not rows. */
import { bootstrapIntervals, drawnSum, type Interval } from "./bootstrap.ts"
import type { Rng } from "../random/rng.ts"

/**
 * @param cluster of each row: its document
 * @param columns numbers of each row, that are summed
 * @param statistic from the sums of the columns, in their order
 */
export const clusteredInterval = (
  cluster: ArrayLike<number>,
  columns: ReadonlyArray<ArrayLike<number>>,
  statistic: (...sums: ReadonlyArray<number>) => number,
  rng: Rng
): Interval | undefined => {
  const units = new Map([...new Set(Array.from(cluster))].map((each, unit) => [each, unit]))
  const sums = columns.map((column) => {
    const sum = new Float64Array(units.size)
    for (let row = 0; row < cluster.length; row++) sum[units.get(cluster[row] as number) as number]! += column[row]!
    return sum
  })
  const of = (times: Int32Array) => ({ value: statistic(...sums.map((sum) => drawnSum(times, sum))) })
  return bootstrapIntervals([units.size], of, rng)["value"]
}
