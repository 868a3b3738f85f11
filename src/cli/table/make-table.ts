/**
 * Results by the axes of a table: a row for each place, a column for each metric. Where several results stand at one place, a
 * cell is their mean, says of how many, and the table says what they differ in: nothing is averaged in silence.
 */
import { canonicalJson } from "../../json/canonical-json.ts"
import type { Json } from "../../json/canonical-json.ts"
import { seedInterval } from "../../numeric/seed-interval.ts"
import { intervalOf } from "../../stage/metric.ts"
import { axisValue } from "./axis-value.ts"
import type { Result } from "./result.ts"

export interface Cell {
  /** Null where nothing at this place has the number, or where a mean of it would mean nothing. */
  readonly mean: number | null
  /** Sample standard deviation; null below two. */
  readonly sd: number | null
  /**
   * Half the width of the 95 % interval: over seeds where results differ in nothing else, of one result its own, over what it was
   * measured on. Null where there is none: results of other settings are no sample of anything.
   */
  readonly half: number | null
  /** Results that the mean is of. */
  readonly n: number
  /** Results at this place, those that are not there yet and those without this number among them. */
  readonly of: number
}

export interface Column {
  readonly stage: string
  readonly metric: string
}

export interface Table {
  readonly by: ReadonlyArray<string>
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<{ readonly at: ReadonlyArray<Json>; readonly cells: ReadonlyArray<Cell> }>
  /** Stage -> what results of one cell differ in: `seed`, `params.lr`, `code`, `inputs`, ... */
  readonly averagedOver: Readonly<Record<string, ReadonlyArray<string>>>
  /** Stages of which all results have the same seed, though it is an axis: nothing tells what another one would give. */
  readonly oneSeed: ReadonlyArray<string>
  /** Ends of intervals that were left out, since those of a mean are others. */
  readonly intervalsLeftOut: ReadonlyArray<string>
}

/** Whether seeds are all that results of one cell differ in. */
export const overSeeds = (names: ReadonlyArray<string>): boolean => names.length === 1 && names[0] === "seed"

const isIntervalEnd = (metric: string): boolean => /_(low|high)$/.test(metric)

/** @param seeds whether members differ in their seeds alone */
const cellOf = (members: ReadonlyArray<Result>, metric: string, seeds: boolean): Cell => {
  const values = members.flatMap(({ metrics }) => (Object.hasOwn(metrics, metric) ? [metrics[metric] as number] : []))
  const n = values.length
  const of = members.length
  if (n === 0 || (n > 1 && isIntervalEnd(metric))) return { mean: null, sd: null, half: null, n, of }
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  if (n === 1) {
    const own = members.flatMap(({ metrics }) => intervalOf(metrics, metric) ?? [])[0]
    return { mean, sd: null, half: own === undefined ? null : (own.high - own.low) / 2, n, of }
  }
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  return { mean, sd, half: seeds ? seedInterval(values).high - mean : null, n, of }
}

const varies = (values: ReadonlyArray<Json | undefined>): boolean =>
  new Set(values.map((value) => (value === undefined ? "" : canonicalJson(value)))).size > 1

/** What results of one stage at one place differ in; parameters only where coordinates do not say it already. */
const variation = (members: ReadonlyArray<Result>): ReadonlyArray<string> => {
  const axes = [...new Set(members.flatMap((each) => Object.keys(each.at)))].filter((axis) =>
    varies(members.map((each) => each.at[axis]))
  )
  const alike = [...Map.groupBy(members, (each) => canonicalJson(each.at)).values()].filter((some) => some.length > 1)
  const found = alike.flatMap((some) => {
    const names = [...new Set(some.flatMap(({ params }) => Object.keys(params)))]
    const made = some.map(({ manifest }) => manifest)
    return [
      ...names.filter((name) => varies(some.map(({ params }) => params[name]))).map((name) => `params.${name}`),
      ...(varies(made.map((manifest) => manifest?.code.digest)) ? ["code"] : []),
      ...(["sources", "inputs", "facts", "numerics"] as const).filter((part) =>
        varies(made.map((manifest) => manifest?.[part] as Json | undefined))
      )
    ]
  })
  return [...new Set([...axes, ...found])]
}

const stagesOf = (columns: ReadonlyArray<Column>): ReadonlyArray<string> => [
  ...new Set(columns.map(({ stage }) => stage))
]

/** Where the seed is an axis. */
const seedsOf = (results: ReadonlyArray<Result>, of: string): ReadonlySet<unknown> =>
  new Set(results.flatMap(({ stage, at }) => (stage === of ? (at["seed"] ?? []) : [])))

const compare = (a: Json, b: Json): number =>
  typeof a === "number" && typeof b === "number" ? a - b : canonicalJson(a) < canonicalJson(b) ? -1 : 1

/** @param results of the stages of `columns`, each with a place on every axis of `by` */
export const makeTable = (
  results: ReadonlyArray<Result>,
  by: ReadonlyArray<string>,
  columns: ReadonlyArray<Column>
): Table => {
  const placed = results.map((result) => ({ result, at: by.map((axis) => axisValue(result, axis) ?? null) }))
  const groups = [...Map.groupBy(placed, ({ at }) => canonicalJson(at)).values()].map((members) => ({
    at: members[0]?.at ?? [],
    // A result that several runs found is one result.
    stages: Map.groupBy(
      [...new Map(members.map(({ result }) => [JSON.stringify([result.id, result.key]), result])).values()],
      ({ stage }) => stage
    )
  }))
  const averagedOver: Record<string, ReadonlyArray<string>> = {}
  for (const stage of stagesOf(columns)) {
    const names = groups.flatMap(({ stages }) => {
      const present = (stages.get(stage) ?? []).filter(({ key }) => key !== undefined)
      return present.length > 1 ? variation(present) : []
    })
    if (names.length > 0) averagedOver[stage] = [...new Set(names)]
  }
  const rows = groups
    .toSorted((a, b) => by.reduce((order, _, i) => order || differing(a.at[i] ?? null, b.at[i] ?? null), 0))
    .map(({ at, stages }) => ({
      at,
      cells: columns.map(({ stage, metric }) =>
        cellOf(stages.get(stage) ?? [], metric, overSeeds(averagedOver[stage] ?? []))
      )
    }))
  const leftOut = columns.filter(
    ({ metric }, i) => isIntervalEnd(metric) && rows.some(({ cells }) => (cells[i]?.n ?? 0) > 1)
  )
  return {
    by,
    columns,
    rows,
    averagedOver,
    oneSeed: stagesOf(columns).filter((stage) => seedsOf(results, stage).size === 1),
    intervalsLeftOut: leftOut.map(({ stage, metric }) => `${stage}.${metric}`)
  }
}

const differing = (a: Json, b: Json): number => (canonicalJson(a) === canonicalJson(b) ? 0 : compare(a, b))
