/** The stage evaluate-rule. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle, RowSet } from "../../kinds/activations/activations.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel, type SaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { measured, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { codedRows } from "../coded-rows.ts"
import { bestLatent, firingRows, ruleFigures } from "./rule-latent.ts"

export interface RuleParams {
  readonly rule: string
  readonly rows: number
  readonly seed: number
}

interface RuleInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

/** Rows of the set from its first, and which of them keep the rule. */
const ruledRows = (set: RowSet, model: SaeModel, keeps: (token: number) => boolean, most: number) =>
  Effect.map(codedRows(set, model, most), ({ token, document, codes }) => ({
    kept: Uint8Array.from(token, (each) => (keeps(each) ? 1 : 0)),
    document,
    codes
  }))

const sum = (values: Uint8Array): number => values.reduce((total, value) => total + value, 0)

export const ruleStage = Effect.fn("ruleStage")(function* ({
  inputs,
  params,
  settings: rule,
  output,
  log
}: StageContext<RuleParams, unknown, RuleInputs, RegExp>) {
  const activations = inputs.activations.value
  yield* requireReads(inputs.sae.value, activations)
  yield* requireModelOf(activations, inputs.model.value)
  yield* requireHeldOut(activations)
  yield* requireTrainingRows(activations)
  const tokenizer = yield* openTokenizer(inputs.model.value.tokenizer)
  const known = new Map<number, boolean>()
  const keeps = (token: number): boolean => {
    const found = known.get(token) ?? rule.test(tokenizer.tokenText(token))
    known.set(token, found)
    return found
  }
  const model = yield* openSaeModel(yield* inputs.sae.value.anyWeights)
  const { train, held_out } = yield* openActivations(activations)
  const fit = yield* ruledRows(train, model, keeps, params.rows)
  const test = yield* ruledRows(held_out, model, keeps, params.rows)
  for (const [name, { kept }] of Object.entries({ training: fit, "held-out": test })) {
    const keeping = sum(kept)
    if (keeping > 0 && keeping < kept.length) continue
    return yield* stageFailed(
      `of ${kept.length} ${name} rows ${keeping} keep the rule ${params.rule}: there is nothing to tell apart`,
      "Give another rule, or more text."
    )
  }
  const latent = bestLatent(fit.codes, fit.kept)
  if (latent < 0) return yield* stageFailed("no latent fires on the training rows", "Train the SAE for longer.")
  const fires = firingRows(test.codes, latent)
  const documents = [...new Set(test.document)]
  const place = new Map(documents.map((document, n) => [document, n]))
  const figuresOf = (kept: Uint8Array, times?: Int32Array) => {
    const counts = { both: 0, keeping: 0, firing: 0, rows: 0 }
    for (let row = 0; row < kept.length; row++) {
      const weight = times === undefined ? 1 : times[place.get(test.document[row]!)!]!
      counts.both += weight * kept[row]! * fires[row]!
      counts.keeping += weight * kept[row]!
      counts.firing += weight * fires[row]!
      counts.rows += weight
    }
    return ruleFigures(counts)
  }
  const order = Rng.make(params.seed, "shuffled rule").permutation(test.kept.length)
  const shuffled = Uint8Array.from(order, (row) => test.kept[row] as number)
  const control = figuresOf(shuffled)
  const { youden, sensitivity, specificity, precision } = figuresOf(test.kept)
  yield* output.writeJson("rule.json", { rule: params.rule, latent, youden, sensitivity, specificity })
  log(`latent ${latent}: sensitivity ${sensitivity.toFixed(4)}, specificity ${specificity.toFixed(4)}`)
  const silent = "the latent fires on no held-out row"
  return {
    ...withIntervals(
      {
        youden,
        sensitivity,
        specificity,
        precision: measured(precision, silent),
        shuffled_youden: control.youden
      },
      bootstrapIntervals(
        [documents.length],
        (times) => ({ ...figuresOf(test.kept, times), shuffled_youden: figuresOf(shuffled, times).youden }),
        Rng.make(params.seed, "intervals")
      )
    ),
    keeping: sum(test.kept) / test.kept.length,
    latent
  }
}, Effect.scoped)
