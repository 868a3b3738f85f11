/** Findings beside the results that they are about. */
import * as Effect from "effect/Effect"
import type { Artifact } from "../../artifact/artifact.ts"
import { seedInterval } from "../../numeric/seed-interval.ts"
import { intervalOf } from "../../stage/metric.ts"
import { type StageFailed, stageFailed } from "../../stage/stage-failed.ts"
import { suggest } from "../../words/did-you-mean.ts"
import type { Finding, Measured } from "./finding.ts"
import { verdict } from "./finding.ts"
import type { JudgedFinding } from "./findings-table.ts"

interface Given {
  readonly artifact: Pick<Artifact, "metrics" | "unmeasured">
}
export type Results = Readonly<Record<string, Given | ReadonlyArray<Given>>>

const isList = (result: Results[string]): result is ReadonlyArray<Given> => Array.isArray(result)

/**
 * The metric of one result with its own interval; of several their mean, with that over them.
 *
 * @param complete false: a result that is not there is one whose stage failed, and undefined
 */
const lookUp = (
  results: Results,
  name: string,
  complete: boolean
): Effect.Effect<Measured | undefined, StageFailed> => {
  const [of = "", metric = "", ...rest] = name.split(".")
  const result = results[of]
  if (result === undefined && rest.length === 0 && !complete) return Effect.succeed(undefined)
  if (result === undefined || rest.length > 0) {
    return Effect.fail(stageFailed(`${name} names no result`, `Results are ${Object.keys(results).join(", ")}.`))
  }
  const all = isList(result) ? result : [result]
  const values = all.flatMap(({ artifact }) => artifact.metrics[metric] ?? [])
  const [first] = all
  if (values.length < all.length || first === undefined) {
    const lacks = all.find(({ artifact }) => artifact.metrics[metric] === undefined)
    const why = lacks?.artifact.unmeasured[metric]
    const known = Object.keys(lacks?.artifact.metrics ?? {})
    return Effect.fail(
      stageFailed(
        why === undefined ? `${of} has no metric ${metric}${suggest(metric, known)}` : `${name} has no number: ${why}`,
        "Name one that it has."
      )
    )
  }
  if (all.length === 1) {
    return Effect.succeed({ value: values[0] as number, interval: intervalOf(first.artifact.metrics, metric) })
  }
  const { mean, low, high } = seedInterval(values)
  return Effect.succeed({ value: mean, interval: { low, high } })
}

/**
 * What was measured of each finding, and whether it comes out. Fails for a name that is of nothing, or of no number.
 *
 * @param complete whether all results are there that there should be: else findings on others are told as not measured
 */
export const judgeFindings = (results: Results, findings: ReadonlyArray<Finding>, complete: boolean) =>
  Effect.forEach(findings, (finding) =>
    Effect.gen(function* () {
      const side = finding.above === undefined ? "below" : "above"
      const given = finding[side] as number | string
      const value = yield* lookUp(results, finding.measured, complete)
      const bound: Measured | undefined =
        typeof given === "number" ? { value: given, interval: undefined } : yield* lookUp(results, given, complete)
      const judged = value === undefined || bound === undefined ? "missing" : verdict(value, side, bound)
      const found: JudgedFinding = { ...finding, value: value ?? null, side, bound: bound ?? null, verdict: judged }
      return found
    })
  )
