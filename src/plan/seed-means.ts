/** Stages that differ in their seeds alone, and the means of their metrics. */
import type { Interval } from "../numeric/bootstrap.ts"
import { seedInterval } from "../numeric/seed-interval.ts"

export interface SeedMean extends Interval {
  readonly value: number
  /** Seeds that have the number. */
  readonly seeds: number
}

const withoutSeed = (id: string): string =>
  id.replace(/([[,])seed=\d+(,|\])/, (_, open: string, close: string) =>
    open === "[" ? (close === "," ? "[" : "") : close
  )

/** By their id without the seed, in the order of their first ones; those that have no seed are left out. */
export const groupSeeds = <A extends { readonly id: string }>(
  stages: ReadonlyArray<A>
): ReadonlyMap<string, ReadonlyArray<A>> =>
  Map.groupBy(
    stages.filter(({ id }) => withoutSeed(id) !== id),
    ({ id }) => withoutSeed(id)
  )

/** Of stages that have a seed: the ids of those from which no other differs in it alone. */
export const aloneWithSeed = (stages: ReadonlyArray<{ readonly id: string }>): ReadonlyArray<string> =>
  [...groupSeeds(stages).values()].flatMap((members) => (members.length === 1 ? members.map(({ id }) => id) : []))

/** Mean and 95 % interval over seeds; undefined below two. */
export const seedMean = (values: ReadonlyArray<number>): SeedMean | undefined => {
  if (values.length < 2) return undefined
  const { mean, low, high } = seedInterval(values)
  return { value: mean, low, high, seeds: values.length }
}
