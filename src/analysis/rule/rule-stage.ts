/** The stage evaluate-rule. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { RowSet } from "../../kinds/activations/row-set.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { findHook } from "../../model/hook-name.ts"
import { openModel } from "../../model/open-model.ts"
import type { RunnableModel } from "../../model/runnable-model.ts"
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import { meanInterval } from "../../numeric/mean-interval.ts"
import { drawnAuc } from "../../numeric/roc.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel, type SaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, measured, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { codedRows } from "../coded-rows.ts"
import { logitWeights } from "./logit-weights.ts"
import { bestLatent, firingRows, ruleFigures } from "./rule-latent.ts"
import { shuffledAnswers } from "./shuffled-answers.ts"

export interface RuleParams {
  readonly rule: string
  readonly of: "token" | "document"
  readonly rows: number
  readonly seed: number
}

/** One exchange among few documents is far from 0 by chance, and a resample of the documents does not show that. */
const shuffles = 40

interface RuleInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

/** Rows of the set from its first, and which of them keep the rule. */
const ruledRows = (set: RowSet, model: SaeModel, keeps: (token: number, document: number) => boolean, most: number) =>
  Effect.map(codedRows(set, model, most), ({ token, document, codes }) => ({
    kept: Uint8Array.from(token, (each, row) => (keeps(each, document[row]!) ? 1 : 0)),
    document,
    codes
  }))

/** How the latent's logit weights rank the tokens that keep the rule; a text says why they do not. */
const logitFigures = (
  language: RunnableModel,
  hook: string,
  sae: SaeModel,
  latent: number,
  { keeps, vocabulary }: { readonly keeps: (token: number, document: number) => boolean; readonly vocabulary: number },
  seed: number
) => {
  const point = findHook(hook, language.info)
  if (typeof point === "string") return point
  if (sae.d_out !== point.width) return "its decoder writes another activation than it reads"
  const row = tf.tidy(() => tf.slice(sae.W_dec, [latent, 0], [1, sae.d_out]).dataSync<"float32">().slice())
  const all = logitWeights(language, point, row)
  if (all === undefined) return `what comes after ${hook} is not linear`
  // Rows of the unembedding beyond the tokenizer's tokens are padding.
  const weights = all.subarray(0, vocabulary)
  const kept = Array.from(weights, (_, token) => (keeps(token, 0) ? 1 : 0))
  const order = Array.from(weights.keys()).toSorted((a, b) => weights[b]! - weights[a]!)
  const scores = order.map((token) => weights[token]!)
  const positive = order.map((token) => kept[token]!)
  const auc = (answers: ReadonlyArray<number>, times: ArrayLike<number>) => drawnAuc(scores, answers, Array.from(times))
  const once = new Int32Array(order.length).fill(1)
  const permuted = Rng.make(seed, "shuffled rule of the vocabulary").permutation(order.length)
  const unrelated = Array.from(permuted, (at) => positive[at]!)
  const intervals = bootstrapIntervals(
    [order.length],
    (times) => ({ own: auc(positive, times), shuffled: auc(unrelated, times) }),
    Rng.make(seed, "intervals over the vocabulary")
  )
  return {
    auc: estimated(auc(positive, once), intervals["own"]),
    shuffled: estimated(auc(unrelated, once), intervals["shuffled"])
  }
}

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
  const names = params.of === "document" ? yield* activations.contexts.documentNames : undefined
  if (params.of === "document" && names === undefined) {
    return yield* stageFailed("the documents have no names", "Give a rule of tokens, or a text of files.")
  }
  const known = new Map<number, boolean>()
  const keeps = (token: number, document: number): boolean => {
    const asked = names === undefined ? token : document
    const found =
      known.get(asked) ?? rule.test(names === undefined ? tokenizer.tokenText(token) : (names.at(document) ?? ""))
    known.set(asked, found)
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
  const densityOf = (times?: Int32Array): number => {
    let [firing, rows] = [0, 0]
    for (let row = 0; row < fires.length; row++) {
      const weight = times === undefined ? 1 : times[place.get(test.document[row]!)!]!
      firing += weight * fires[row]!
      rows += weight
    }
    return firing / rows
  }
  const rng = Rng.make(params.seed, "shuffled rule")
  const shuffled = Array.from(
    { length: shuffles },
    () => figuresOf(shuffledAnswers(test, names !== undefined, rng)).youden
  )
  const { youden, sensitivity, specificity, precision } = figuresOf(test.kept)
  const logits =
    names === undefined
      ? logitFigures(
          yield* openModel(inputs.model.value),
          activations.hook,
          model,
          latent,
          { keeps, vocabulary: tokenizer.vocabularySize },
          params.seed
        )
      : "the rule is about documents, not about tokens of the vocabulary"
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
        density: densityOf()
      },
      bootstrapIntervals(
        [documents.length],
        (times) => ({
          ...figuresOf(test.kept, times),
          density: densityOf(times)
        }),
        Rng.make(params.seed, "intervals")
      )
    ),
    shuffled_youden: estimated(
      shuffled.reduce((total, value) => total + value, 0) / shuffles,
      meanInterval(shuffled, Rng.make(params.seed, "interval over shuffles"))
    ),
    ...(typeof logits === "string"
      ? { logit_auc: { unmeasured: logits } }
      : { logit_auc: logits.auc, shuffled_logit_auc: logits.shuffled }),
    keeping: sum(test.kept) / test.kept.length,
    latent
  }
}, Effect.scoped)
