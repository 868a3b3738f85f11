/** Means and medians over latents, with their 95 % intervals. */
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import { meanInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"

export interface LatentMean {
  readonly mean: number
  readonly low: number | null
  readonly high: number | null
}

const rng = (): Rng.Rng => Rng.make(0, "intervals of a comparison")

/** @param values at least one */
export const latentMean = (values: ArrayLike<number>): LatentMean => {
  const all = Array.from(values)
  const interval = meanInterval(all, rng())
  return {
    mean: all.reduce((sum, value) => sum + value, 0) / all.length,
    low: interval?.low ?? null,
    high: interval?.high ?? null
  }
}

/** The lower of the two middle ones where their number is even. */
export const latentMedian = (
  values: ArrayLike<number>
): { readonly median: number; readonly low: number | null; readonly high: number | null } => {
  const sorted = Float64Array.from(values).toSorted()
  const middle = (times: ArrayLike<number>): number => {
    let [at, seen] = [0, times[0] as number]
    while (2 * seen < sorted.length) seen += times[++at] as number
    return sorted[at] as number
  }
  const { median: interval } = bootstrapIntervals([sorted.length], (times) => ({ median: middle(times) }), rng())
  return {
    median: middle(new Int32Array(sorted.length).fill(1)),
    low: interval?.low ?? null,
    high: interval?.high ?? null
  }
}
