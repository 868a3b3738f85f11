/**
 * 95 % intervals over seeds of means over pairs of SAEs. Three seeds make three pairs and five make ten, but pairs share seeds: one odd
 * training is in all pairs of its own. So seeds are left out by turns, with all pairs that they are in, and Student's t is taken of the
 * pseudo-values (the jackknife of U-statistics, Arvesen 1969). Pairs taken for independent give intervals that are too narrow.
 */
import type { Interval } from "../../numeric/bootstrap.ts"
import { mean } from "../../numeric/mean.ts"
import { seedInterval } from "../../numeric/seed-interval.ts"

/** Two SAEs, by place, and a figure of the pair. */
export interface PairValue {
  readonly first: number
  readonly second: number
  readonly value: number
}

type Coordinates = Readonly<Record<string, unknown>>

/** With two there is one pair, and none is left without one of them. */
export const leastSeeds = 3

/** Coordinates but for the seed. */
const settingOf = (at: Coordinates): string =>
  JSON.stringify(
    Object.entries(at)
      .filter(([name]) => name !== "seed")
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  )

/**
 * Of the mean over all pairs. Pairs of one width and of two, or of one seed and of two, are kept in their proportion when a seed is left out.
 *
 * @param at coordinates of each SAE
 * @returns undefined with fewer than three seeds, where an SAE has no seed, or where leaving one out leaves a kind of pair empty or nothing moves
 */
export const seedJackknife = (
  at: ReadonlyArray<Coordinates>,
  pairs: ReadonlyArray<PairValue>
): Interval | undefined => {
  const seedOf = at.map((coordinates) => coordinates["seed"])
  if (pairs.length === 0 || seedOf.includes(undefined)) return undefined
  const settings = at.map(settingOf)
  const seeds = [...new Set(pairs.flatMap(({ first, second }) => [seedOf[first], seedOf[second]]))]
  if (seeds.length < leastSeeds) return undefined
  const kinds = new Map<string, Array<PairValue>>()
  for (const pair of pairs) {
    const [a, b] = [pair.first, pair.second]
    const kind = JSON.stringify([[settings[a], settings[b]].toSorted(), seedOf[a] === seedOf[b]])
    kinds.set(kind, [...(kinds.get(kind) ?? []), pair])
  }
  const without = (seed: unknown): number =>
    [...kinds.values()].reduce((sum, kind) => {
      const left = kind.filter(({ first, second }) => seedOf[first] !== seed && seedOf[second] !== seed)
      return sum + (kind.length / pairs.length) * mean(left.map(({ value }) => value))
    }, 0)
  const all = mean(pairs.map(({ value }) => value))
  const pseudo = seeds.map((seed) => seeds.length * all - (seeds.length - 1) * without(seed))
  if (!pseudo.every(Number.isFinite)) return undefined
  const { low, high } = seedInterval(pseudo)
  const half = (high - low) / 2
  // What rounding leaves of no difference is none.
  return half > 1e-12 * Math.abs(all) ? { low: all - half, high: all + half } : undefined
}
