/**
 * 95 % intervals by the bootstrap: units (documents, words, latents) are drawn again with replacement, and the statistic is
 * computed anew. The percentiles are expanded for few units (Hesterberg, "What teachers should know about the bootstrap",
 * 2015, section 5.1.3): those of the plain percentile interval are too narrow by sqrt((n - 1) / n) and know no t.
 */
import type { Rng } from "../random/rng.ts"
import { normalTail } from "./normal-tail.ts"
import { studentT } from "./student-t.ts"

/** 95 % of what the same measurement gives on other units of the same kind. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** From fewer units than this, no interval can be told. */
export const leastUnits = 8

const resamples = 1000
const level = 0.95

/** Sum of values, each as often as its unit was drawn. */
export const drawnSum = (times: ArrayLike<number>, values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (times[i] as number) * (values[i] as number)
  return sum
}

const quantile = (sorted: Float64Array, share: number): number => {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const [a, b] = [sorted[below] as number, sorted[Math.min(below + 1, sorted.length - 1)] as number]
  return a + (at - below) * (b - a)
}

/** Share of the resamples that is cut off on each side. */
const tail = (units: number): number => normalTail(Math.sqrt(units / (units - 1)) * studentT(units - 1, level))

/**
 * Intervals of several statistics of the same units, from the same draws.
 *
 * @param strata number of units in each stratum, in the order of the units; draws stay within a stratum. `[n]`: no strata.
 * @param statistics from how often each unit was drawn; not finite where a draw leaves it undefined
 * @param few units that the percentiles are expanded for, and that have to be 8: all of them, unless strata are crossed (every pair of prompts
 *   with every order), where the smallest may be what all the noise is from
 * @returns by name; undefined where there are fewer than 8 units, where all draws give the same, or where more than one in
 *   twenty leaves it undefined
 */
export const bootstrapIntervals = (
  strata: ReadonlyArray<number>,
  statistics: (times: Int32Array) => Readonly<Record<string, number>>,
  rng: Rng,
  few: number = strata.reduce((sum, size) => sum + size, 0)
): Readonly<Record<string, Interval | undefined>> => {
  const units = strata.reduce((sum, size) => sum + size, 0)
  const times = new Int32Array(units)
  const values = new Map(Object.keys(statistics(times.fill(1))).map((name) => [name, new Array<number>()]))
  const draws = few < leastUnits ? 0 : resamples
  for (let draw = 0; draw < draws; draw++) {
    times.fill(0)
    let first = 0
    for (const size of strata) {
      for (let i = 0; i < size; i++) {
        const unit = first + rng.int(size)
        times[unit] = (times[unit] as number) + 1
      }
      first += size
    }
    for (const [name, value] of Object.entries(statistics(times))) {
      if (Number.isFinite(value)) values.get(name)?.push(value)
    }
  }
  const cut = draws === 0 ? 0 : tail(few)
  return Object.fromEntries(
    [...values].map(([name, drawn]) => {
      const sorted = Float64Array.from(drawn).toSorted()
      // None of 1,024 recovered is not 0 +- 0: draws that never differ tell nothing of what was not seen.
      if (sorted.length < 0.95 * resamples || sorted[0] === sorted.at(-1)) return [name, undefined]
      return [name, { low: quantile(sorted, cut), high: quantile(sorted, 1 - cut) }]
    })
  )
}
