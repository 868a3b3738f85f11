/**
 * The best of many candidates, where each half of the units chooses for the other (cross-fitting): on the units that choose it, the score of
 * the best is too high by the luck that made it the best, and so is every interval about it.
 */
import { bootstrapIntervals, type Interval } from "./bootstrap.ts"
import type { Rng } from "../random/rng.ts"

export interface CrossFittedBest {
  /** Mean of the two scores: of what one half chose on the other half, and the other way round; not a number where a half has none. */
  readonly value: number
  /** What each half chose. */
  readonly chosen: readonly [number, number]
  /**
   * Over the units, drawn within the halves: it is of the mean expected score of the two that were chosen.
   *
   * @param score of one candidate, from how often each unit counts
   */
  readonly interval: (score: (candidate: number, times: Int32Array) => number, rng: Rng) => Interval | undefined
}

/** The largest number's place, the first of several; 0 where there is none. */
const placeOfLargest = (scores: ArrayLike<number>): number => {
  let best = 0
  for (let at = 1; at < scores.length; at++) {
    if (scores[at]! > scores[best]! || Number.isNaN(scores[best]!)) best = at
  }
  return best
}

/**
 * @param units at least two
 * @param scores of every candidate, from how often each unit counts
 * @param rng which units are in which half
 */
export const crossFittedBest = (
  units: number,
  scores: (times: Int32Array) => ArrayLike<number>,
  rng: Rng
): CrossFittedBest => {
  if (units < 2) throw new RangeError(`${units} units are not two halves`)
  const order = rng.permutation(units)
  const [first, second] = [order.subarray(0, units >> 1), order.subarray(units >> 1)]
  const timesOf = (half: Uint32Array, drawn: (n: number) => number): Int32Array => {
    const times = new Int32Array(units)
    for (const [n, unit] of half.entries()) times[unit] = drawn(n)
    return times
  }
  const [byFirst, bySecond] = [scores(timesOf(first, () => 1)), scores(timesOf(second, () => 1))]
  const chosen = [placeOfLargest(byFirst), placeOfLargest(bySecond)] as const
  return {
    value: (bySecond[chosen[0]]! + byFirst[chosen[1]]!) / 2,
    chosen,
    interval: (score, draws) =>
      bootstrapIntervals(
        [first.length, second.length],
        (times) => {
          const ofSecond = timesOf(second, (n) => times[first.length + n]!)
          const ofFirst = timesOf(first, (n) => times[n]!)
          return { value: (score(chosen[0], ofSecond) + score(chosen[1], ofFirst)) / 2 }
        },
        draws
      )["value"]
  }
}
