/** What compare-saes tells of all pairs: means over them, with intervals over the latents of one pair or over the seeds of several. */
import type { ComparedPair, ComparedSae } from "../../kinds/comparison.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { type Estimate, estimated, type Unmeasured } from "../../stage/metric.ts"
import { seedJackknife } from "./seed-jackknife.ts"

/** What it is by itself is told all the same. */
export const ONE = "there is one SAE, and none to compare it with"

interface Ends {
  readonly low: number | null
  readonly high: number | null
}

/** A figure of one pair: its value, and its interval over the latents where it has one. */
interface Figure {
  readonly value: number
  readonly ends: Ends | undefined
}

/** Where all such figures lie. */
const cosines = { low: -1, high: 1 } as const
const shares = { low: 0, high: 1 } as const

/** @param rows that activations were correlated on; 0 without activations */
export const comparedMetrics = (
  saes: ReadonlyArray<Pick<ComparedSae, "at">>,
  pairs: ReadonlyArray<ComparedPair>,
  rows: number,
  matchedLatents: number
) => {
  const overLatents = (ends: Ends | undefined): Interval | undefined =>
    ends?.low == null || ends.high === null ? undefined : { low: ends.low, high: ends.high }
  /** Of the pairs that have it. */
  const over = (
    of: (pair: ComparedPair) => Figure | null,
    none: string,
    range: Interval
  ): number | Estimate | Unmeasured => {
    const found = pairs.flatMap((pair) => {
      const figure = of(pair)
      return figure === null ? [] : [{ first: pair.first, second: pair.second, ...figure }]
    })
    if (found.length === 0) return { unmeasured: pairs.length === 0 ? ONE : none }
    const mean = found.reduce((sum, { value }) => sum + value, 0) / found.length
    if (pairs.length === 1) return estimated(mean, overLatents(found[0]?.ends))
    const interval = seedJackknife(
      saes.map(({ at }) => at),
      found
    )
    return estimated(
      mean,
      interval && { low: Math.max(range.low, interval.low), high: Math.min(range.high, interval.high) }
    )
  }
  return {
    mean_max_cosine: over(({ max_cosine: each }) => ({ value: each.mean, ends: each }), ONE, cosines),
    random_max_cosine: over(
      ({ random_max_cosine: value, intervals }) => ({ value, ends: intervals?.["random_max_cosine"] }),
      ONE,
      cosines
    ),
    pw_mcc: over(
      ({ matched_cosine: each }) => (each === null ? null : { value: each.mean, ends: each }),
      `no two SAEs have the same number of latents, of ${matchedLatents} at most`,
      shares
    ),
    activation_correlation: over(
      ({ activation_correlation: each }) => (each === null ? null : { value: each.median, ends: each }),
      rows === 0 ? "no activations are given" : "no latent fires on the rows",
      cosines
    ),
    split_share: over(
      ({ splits, intervals }) => ({ value: splits.several, ends: intervals?.["split_share"] }),
      ONE,
      shares
    ),
    new_share: over(({ splits, intervals }) => ({ value: splits.new, ends: intervals?.["new_share"] }), ONE, shares)
  }
}
