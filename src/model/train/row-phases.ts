/** Training phases as an experiment file states them, read through a schema. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Json } from "../../json/canonical-json.ts"
import { type Decoded, decoded } from "../../stage/param-problem.ts"
import type { RowPhase } from "./training-rows.ts"

const share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const weight = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

const Phase = Schema.Struct({
  until: share,
  text_rows: share,
  mixed_rows: share,
  first_letter: share,
  spelled: share,
  bare: share,
  letter_weight: weight,
  bare_weight: weight
})

const fields = Object.keys(Phase.fields).join(", ")

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Phases that follow each other up to the last step, or what is wrong with which of them. */
export const decodePhases = (
  phases: ReadonlyArray<Readonly<Record<string, Json>>>
): Decoded<ReadonlyArray<RowPhase>> => {
  const read = Schema.decodeUnknownResult(Schema.Array(Phase))(phases, { errors: "all", onExcessProperty: "error" })
  if (Result.isFailure(read)) {
    const problems = issuesOf(read.failure.issue).issues.map(({ message, path = [] }) => {
      const at = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("")
      return { param: `phases${at}`, problem: message, remedy: `a phase has ${fields}` }
    })
    return Result.fail(problems)
  }
  const problems = read.success.flatMap(({ until, text_rows, mixed_rows, first_letter, spelled, bare }, i) => {
    const before = read.success[i - 1]?.until ?? 0
    const forms = first_letter + spelled + bare
    return [
      ...(until > before
        ? []
        : [{ param: `phases[${i}].until`, problem: `until ${until} does not lie after ${before}` }]),
      ...(text_rows + mixed_rows > 1
        ? [{ param: `phases[${i}]`, problem: `text_rows and mixed_rows sum to ${text_rows + mixed_rows}, more than 1` }]
        : []),
      ...(Math.abs(forms - 1) > 1e-6
        ? [{ param: `phases[${i}]`, problem: `first_letter, spelled and bare sum to ${forms}, not 1` }]
        : [])
    ]
  })
  const last = read.success.at(-1)?.until
  return decoded(
    read.success.map((phase) => ({
      until: phase.until,
      textRows: phase.text_rows,
      mixedRows: phase.mixed_rows,
      forms: { first_letter: phase.first_letter, spelled: phase.spelled, bare: phase.bare },
      letterWeight: { first_letter: phase.letter_weight, bare: phase.bare_weight }
    })),
    last === 1
      ? problems
      : [...problems, { param: "phases", problem: `the last phase ends at ${last ?? 0}`, remedy: "let it end at 1" }]
  )
}
