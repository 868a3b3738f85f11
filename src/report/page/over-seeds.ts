/** Findings that are alike in all but the seed of the training, and a figure's mean over them. */
import type { Interval } from "../../numeric/bootstrap.ts"
import { seedInterval } from "../../numeric/seed-interval.ts"
import { labelOf, type Placed } from "./subjects.ts"

export interface SeedGroup<A> {
  readonly label: string
  readonly members: ReadonlyArray<A>
}

/** In the order of their first ones. @param otherwise a label where there are no coordinates but the seed */
export const bySeed = <A extends Pick<Placed<unknown>, "at">>(
  placed: ReadonlyArray<A>,
  otherwise: (each: A) => string
): ReadonlyArray<SeedGroup<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const each of placed) {
    const { seed: _, ...rest } = each.at
    const label = labelOf(rest, otherwise(each))
    const members = groups.get(label)
    if (members === undefined) groups.set(label, [each])
    else members.push(each)
  }
  return [...groups].map(([label, members]) => ({ label, members }))
}

export interface Estimated {
  readonly value: number
  readonly interval?: Interval | undefined
  /** What the interval is over. */
  readonly over: string
}

/** The mean with its interval over seeds; of one value its own interval. */
export const meanOverSeeds = (values: ReadonlyArray<Estimated>): Estimated | undefined => {
  const [first] = values
  if (first === undefined || values.length === 1) return first
  const { mean, low, high } = seedInterval(values.map(({ value }) => value))
  // That none of three found any is not 0 ± 0.
  return { value: mean, interval: high > low ? { low, high } : undefined, over: `${values.length} seeds` }
}
