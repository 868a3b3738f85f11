/** Means and medians over latents, with their 95 % intervals. */
import { meanInterval } from "../../numeric/mean-interval.ts"
import { medianInterval } from "../../numeric/quantile-interval.ts"
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
  const { median, interval } = medianInterval(values, rng())
  return { median, low: interval?.low ?? null, high: interval?.high ?? null }
}
