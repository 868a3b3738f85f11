/** Findings that are alike in all but the seed of the training, and a figure's mean over them. */
import type { Interval } from "../../numeric/bootstrap.ts"
import { canonicalJson } from "../../json/canonical-json.ts"
import { seedInterval } from "../../numeric/seed-interval.ts"
import { labelOf, type Placed } from "./subjects.ts"

export interface Seeded extends Pick<Placed<unknown>, "at"> {
  /** What tells it from others of the same coordinates: those of two stages, one of wider SAEs, are no seeds of one thing. */
  readonly apart?: ReadonlyArray<string>
}

export interface SeedGroup<A> {
  readonly label: string
  readonly members: ReadonlyArray<A>
}

const seedOf = ({ at }: Seeded): string | undefined =>
  at["seed"] === undefined ? undefined : canonicalJson(at["seed"])

/** Each by itself where their seeds do not tell them apart: whatever they are, they are not one thing with several seeds. */
const seedsOfOne = <A extends Seeded>(members: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> => {
  const seeds = new Set(members.flatMap((each) => seedOf(each) ?? []))
  return seeds.size === members.length ? [members] : members.map((each) => [each])
}

/** With what is not the same of all of one label behind it. */
const toldApart = (label: string, own: Seeded, alike: ReadonlyArray<Seeded>): string =>
  [label, ...(own.apart ?? []).filter((fact, i) => fact !== "" && alike.some(({ apart }) => apart?.[i] !== fact))].join(
    ", "
  )

/** In the order of their first ones. @param otherwise a label where there are no coordinates but the seed */
export const bySeed = <A extends Seeded>(
  placed: ReadonlyArray<A>,
  otherwise: (each: A) => string
): ReadonlyArray<SeedGroup<A>> => {
  const labelled = placed.map((each) => {
    const { seed: _, ...rest } = each.at
    return { each, label: labelOf(rest, otherwise(each)) }
  })
  const alike = Map.groupBy(labelled, ({ label }) => label)
  const groups = Map.groupBy(labelled, ({ each, label }) => JSON.stringify([label, each.apart ?? []]))
  return [...groups.values()].flatMap((group) => {
    const { each: first, label } = group[0] as (typeof labelled)[number]
    const told = toldApart(
      label,
      first,
      (alike.get(label) ?? []).map(({ each }) => each)
    )
    return seedsOfOne(group.map(({ each }) => each)).map((members) => ({ label: told, members }))
  })
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
