/** A published finding beside what was measured: what has to hold for it to come out, and whether it does. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Json } from "../../json/canonical-json.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { type Decoded, decoded } from "../../stage/param-problem.ts"

const bound = Schema.Union([Schema.Finite, Schema.String])

/** Metrics are named `result.metric`: of a result of the input `results`. */
export const Finding = Schema.Struct({
  finding: Schema.String,
  source: Schema.String,
  published: Schema.String,
  measured: Schema.String,
  /** It comes out where what was measured is above this: a number, or another metric. */
  above: Schema.optionalKey(bound),
  below: Schema.optionalKey(bound)
})
export type Finding = typeof Finding.Type

const fields = Object.keys(Finding.fields).join(", ")
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

export const decodeFindings = (
  findings: ReadonlyArray<Readonly<Record<string, Json>>>
): Decoded<ReadonlyArray<Finding>> => {
  const read = Schema.decodeUnknownResult(Schema.Array(Finding))(findings, { errors: "all", onExcessProperty: "error" })
  if (Result.isFailure(read)) {
    return Result.fail(
      issuesOf(read.failure.issue).issues.map(({ message, path = [] }) => {
        const at = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("")
        return { param: `findings${at}`, problem: message, remedy: `a finding has ${fields}` }
      })
    )
  }
  return decoded(
    read.success,
    read.success.flatMap(({ above, below }, i) =>
      (above === undefined) === (below === undefined)
        ? [
            {
              param: `findings[${i}]`,
              problem: "a finding has one of above and below",
              remedy: "say when it comes out"
            }
          ]
        : []
    )
  )
}

/** A number, with the 95 % interval where it has one. */
export interface Measured {
  readonly value: number
  readonly interval: Interval | undefined
}

/** missing: what it is about failed. */
export type Verdict = "yes" | "no" | "open" | "missing"

/**
 * Yes and no only where the intervals leave no other answer; numbers without one are taken as they are.
 *
 * @param side on which side of `bound` the finding is
 */
export const verdict = (measured: Measured, side: "above" | "below", bound: Measured): Verdict => {
  const ends = ({ value, interval }: Measured) => interval ?? { low: value, high: value }
  const [larger, smaller] = side === "above" ? [ends(measured), ends(bound)] : [ends(bound), ends(measured)]
  return larger.low > smaller.high ? "yes" : larger.high <= smaller.low ? "no" : "open"
}
