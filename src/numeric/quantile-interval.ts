/** The interval of a median, or of another quantile, over units of one kind. */
import { bootstrapIntervals, type Interval } from "./bootstrap.ts"
import type { Rng } from "../random/rng.ts"

interface QuantileInterval {
  readonly quantile: number
  readonly interval: Interval | undefined
}

/** The least value that this share of them does not exceed. @param values at least one @param share above 0 */
export const quantileInterval = (values: ArrayLike<number>, share: number, rng: Rng): QuantileInterval => {
  const sorted = Float64Array.from(values).toSorted()
  const at = (times: ArrayLike<number>): number => {
    let [place, seen] = [0, times[0] as number]
    // What rounding adds to the product is no unit.
    while (seen < share * sorted.length - 1e-9) seen += times[++place] as number
    return sorted[place] as number
  }
  return {
    quantile: at(new Int32Array(sorted.length).fill(1)),
    interval: bootstrapIntervals([sorted.length], (times) => ({ quantile: at(times) }), rng)["quantile"]
  }
}

/** The lower of the two middle ones where their number is even. @param values at least one */
export const medianInterval = (
  values: ArrayLike<number>,
  rng: Rng
): { readonly median: number; readonly interval: Interval | undefined } => {
  const { quantile: median, interval } = quantileInterval(values, 0.5, rng)
  return { median, interval }
}
