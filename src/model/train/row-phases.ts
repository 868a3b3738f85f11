/** Training phases as an experiment file states them, read through a schema. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Json } from "../../json/canonical-json.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
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

/** Fields of a phase, for the description of the parameter. */
export const phaseFields = Object.keys(Phase.fields)

type Phases = ReadonlyArray<Readonly<Record<string, Json>>>

export const readPhases = Effect.fn("readPhases")(function* (phases: Phases) {
  const read = yield* Schema.decodeUnknownEffect(Schema.Array(Phase))(phases, {
    errors: "all",
    onExcessProperty: "error"
  }).pipe(Effect.mapError((error) => stageFailed(`phases: ${error.message}`, `A phase has ${phaseFields.join(", ")}.`)))
  let last = 0
  for (const { until, text_rows: text, mixed_rows: mixed, first_letter: first, spelled, bare } of read) {
    if (until <= last) return yield* stageFailed(`phases: until ${until} does not lie after ${last}`)
    if (text + mixed > 1) return yield* stageFailed(`phases: text_rows and mixed_rows sum to ${text + mixed}`)
    if (Math.abs(first + spelled + bare - 1) > 1e-6) {
      return yield* stageFailed(`phases: first_letter, spelled and bare sum to ${first + spelled + bare}, not 1`)
    }
    last = until
  }
  if (last !== 1) return yield* stageFailed(`phases: the last one ends at ${last}`, "Let it end at 1.")
  return read.map((phase): RowPhase => ({
    until: phase.until,
    textRows: phase.text_rows,
    mixedRows: phase.mixed_rows,
    forms: { first_letter: phase.first_letter, spelled: phase.spelled, bare: phase.bare },
    letterWeight: { first_letter: phase.letter_weight, bare: phase.bare_weight }
  }))
})
