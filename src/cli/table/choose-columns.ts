/** Which stages and metrics a table shows, and by which axes where nobody says. */
import { suggestOrList } from "../../words/did-you-mean.ts"
import { axisValue, standsOn } from "./axis-value.ts"
import type { Column } from "./make-table.ts"
import type { Result } from "./result.ts"

export interface TableRequest {
  /** Empty: all coordinates that the results have, and `run` where they are of runs. */
  readonly by: ReadonlyArray<string>
  /** Empty: all that stand on every axis themselves; where none does, those below what does. */
  readonly stages: ReadonlyArray<string>
  /** `loss`, `sae.loss`; empty: those that the kinds declare, without ends of intervals. */
  readonly metrics: ReadonlyArray<string>
}

export interface TableChoice {
  readonly by: ReadonlyArray<string>
  readonly columns: ReadonlyArray<Column>
  readonly results: ReadonlyArray<Result>
}

const axesOf = (results: ReadonlyArray<Result>): ReadonlyArray<string> => [
  ...new Set(results.flatMap(({ at }) => Object.keys(at)))
]

const unique = (names: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(names)]

/** Declared and measured; all that were measured where the kind declares none. */
const metricsOf = (results: ReadonlyArray<Result>, declared: ReadonlyArray<string>): ReadonlyArray<string> => {
  const measured = unique(results.flatMap(({ metrics }) => Object.keys(metrics)))
  const headline = declared.filter((name) => measured.includes(name) && !/_(low|high)$/.test(name))
  return declared.length === 0 ? measured : headline
}

/** @returns what is wrong with the request, in words */
export const chooseColumns = (
  all: ReadonlyArray<Result>,
  request: TableRequest,
  declaredOf: (stage: string) => ReadonlyArray<string>
): TableChoice | string => {
  const stages = unique(all.map(({ stage }) => stage))
  for (const stage of request.stages) {
    if (!stages.includes(stage)) return `there is no stage "${stage}"${suggestOrList(stage, stages)}`
  }
  const asked = request.stages.length > 0 ? request.stages : stages
  const mine = all.filter(({ stage }) => asked.includes(stage))
  const withMatrix = mine.filter(({ at }) => Object.keys(at).length > 0)
  const isOfRuns = all.some(({ run }) => run !== null)
  const by = request.by.length > 0 ? request.by : [...(isOfRuns ? ["run"] : []), ...axesOf(withMatrix)]
  if (by.length === 0) return "no stage has a matrix: --by names a parameter, or --runs makes a table of runs"
  const hasPlace = (result: Result): boolean => by.every((axis) => axisValue(result, axis) !== undefined)
  const placedBy = (test: (result: Result) => boolean): ReadonlyArray<string> =>
    asked.filter((stage) => mine.every((result) => result.stage !== stage || test(result)))
  // Of a stage that takes from one width of several, nobody thinks as of a result at that width, unless it is asked for.
  const themselves = placedBy((result) => by.every((axis) => standsOn(result, axis)))
  const placed = request.stages.length === 0 && themselves.length > 0 ? themselves : placedBy(hasPlace)
  const missing = request.stages.find((stage) => !placed.includes(stage))
  if (missing !== undefined || placed.length === 0) {
    const of = mine.filter(({ stage }) => missing === undefined || stage === missing)
    const lost = by.find((axis) => of.some((result) => axisValue(result, axis) === undefined)) ?? ""
    const known = unique([
      ...axesOf(of),
      ...of.flatMap(({ params }) => Object.keys(params)),
      ...(isOfRuns ? ["run"] : [])
    ])
    return `${missing ?? "no stage"} has ${missing === undefined ? "a" : "no"} single place on the axis ${lost}${suggestOrList(lost, known)}`
  }
  const columns = placed.flatMap((stage) =>
    metricsOf(
      mine.filter((result) => result.stage === stage),
      declaredOf(stage)
    ).map((metric) => ({ stage, metric }))
  )
  const possible = placed.flatMap((stage) =>
    unique(mine.filter((result) => result.stage === stage).flatMap(({ metrics }) => Object.keys(metrics))).map(
      (metric) => ({ stage, metric })
    )
  )
  const chosen: Array<Column> = []
  for (const name of request.metrics) {
    const found = possible.filter(({ stage, metric }) => name === metric || name === `${stage}.${metric}`)
    if (found.length === 0) {
      const names = unique(possible.flatMap(({ stage, metric }) => [metric, `${stage}.${metric}`]))
      return `no result has the metric "${name}"${suggestOrList(name, names)}`
    }
    chosen.push(...found)
  }
  const shown = request.metrics.length > 0 ? chosen : columns
  if (shown.length === 0) {
    return `no result of ${placed.join(", ")} has a metric (yet); \`pipeline status\` tells what there is`
  }
  const used = new Set(shown.map(({ stage }) => stage))
  return { by, columns: shown, results: mine.filter(({ stage }) => used.has(stage)) }
}
