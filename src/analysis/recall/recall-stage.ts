/** The stage evaluate-recall: where a model that knows facts by heart looks them up. */
import * as Effect from "effect/Effect"
import { figuresFileName } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { TokensHandle } from "../../kinds/tokens/tokens-handle.ts"
import { findHook } from "../../model/hook-name.ts"
import type { ModelInfo } from "../../model/decoder/model-info.ts"
import { openModel } from "../../model/open-model.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { flatMetrics, numbersOf } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { encodeLatents } from "../latent-codes.ts"
import { findBestHead } from "./best-head.ts"
import { share, valueOf } from "./fact-estimates.ts"
import { holdOutFacts } from "./held-out-facts.ts"
import { lookupShares } from "./lookup-shares.ts"
import { lookups, mlpOut } from "./lookup.ts"
import { probePlace } from "./probed-place.ts"
import { readFacts, type RecallFacts } from "./recall-facts.ts"
import { recallFigures, type RecallFigures } from "./recall-figures.ts"
import { recallMetrics } from "./recall-metrics.ts"
import { type FactRun, margins, runFacts, told, unembedRows } from "./run-facts.ts"
import { denseCodes, toldByUnits } from "./told-by-units.ts"

export interface RecallParams {
  readonly name_tokens: number
  readonly facts: number
  readonly held_out_fraction: number
  readonly least_accuracy: number
  readonly seed: number
}

interface RecallInputs {
  readonly model: Opened<LanguageModelHandle>
  readonly tokens: Opened<TokensHandle>
  readonly transcoders: ReadonlyArray<Opened<SaeHandle>>
}

const mlpIn = (layer: number): string => `blocks.${layer}.mlp.hook_in`
const neuronsOf = (layer: number): string => `blocks.${layer}.mlp.hook_post`
const layersOf = ({ n_layers }: ModelInfo): ReadonlyArray<number> => Array.from({ length: n_layers }, (_, l) => l)

/** Before each block, and after the last. */
const residualsOf = (info: ModelInfo): ReadonlyArray<string> => [
  ...layersOf(info).map((layer) => `blocks.${layer}.hook_resid_pre`),
  `blocks.${info.n_layers - 1}.hook_resid_post`
]

const checkInputs = Effect.fnUntraced(function* (info: ModelInfo, { tokens, transcoders }: RecallInputs, time: number) {
  if (tokens.value.vocab_size > info.d_vocab || time > info.n_ctx) {
    return yield* stageFailed("the facts are not in the model's tokens, or too long for it", "Give those it learnt.")
  }
  const layers = layersOf(info)
  const strange = layers.map((layer) => findHook(neuronsOf(layer), info)).find((hook) => typeof hook === "string")
  if (typeof strange === "string") return yield* stageFailed(strange, "Give a model of plain MLPs.")
  for (const { value } of transcoders) {
    const reads = layers.map(mlpIn).includes(value.hook ?? "")
    if (reads && value.d_in === info.d_model) continue
    return yield* stageFailed(
      `a transcoder reads ${value.hook ?? "no hook that is known"}, rows of ${value.d_in} numbers: it is none of an MLP of this model`,
      `Give transcoders from ${mlpIn(0)} to ${mlpOut(0)}, and so on.`
    )
  }
})

/** What the model makes of the facts; one that does not know them has no place where it looks them up. */
const knownFacts = Effect.fnUntraced(function* (
  { best }: FactRun,
  { count, answers, attributes }: RecallFacts,
  least: number
) {
  const accuracy = share(Float64Array.from(answers, (answer, i) => (best[i] === attributes[answer] ? 1 : 0)))
  const counts = attributes.map((_, a) => answers.filter((answer) => answer === a).length)
  const chance = Math.max(...counts) / count
  if (valueOf(accuracy) >= least) return { accuracy, chance }
  return yield* stageFailed(
    `the model tells ${(100 * valueOf(accuracy)).toFixed(1)} % of the ${count} facts (the commonest answer is right for ${(100 * chance).toFixed(1)} %): it has not memorised them`,
    "Train it longer, or larger, or on fewer facts; least_accuracy lowers the bar."
  )
})

/** Latents of the transcoder of that block, [facts, d_sae]; undefined where no transcoders are given. */
const latentsOf = Effect.fnUntraced(function* (
  transcoders: RecallInputs["transcoders"],
  layer: number,
  rows: Float32Array | undefined
) {
  if (transcoders.length === 0 || rows === undefined) return undefined
  const transcoder = transcoders.find(({ value }) => value.hook === mlpIn(layer))?.value
  if (transcoder === undefined) {
    return yield* stageFailed(
      `block ${layer} looks up most, and none of the transcoders is of its MLP`,
      "Give one of every block."
    )
  }
  return denseCodes(encodeLatents(rows, yield* openSaeModel(yield* transcoder.anyWeights)))
})

export const recallStage = Effect.fn("recallStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<RecallParams, unknown, RecallInputs>) {
  const model = yield* openModel(inputs.model.value)
  const facts = yield* readFacts(inputs.tokens.value, params.name_tokens, params.facts)
  const { info } = model
  const { time, name, attributes, answers } = facts
  yield* checkInputs(info, inputs, time)
  const residuals = residualsOf(info)
  const positions = name === time - 1 ? [name] : [name, time - 1]
  const total = 4 + info.n_layers * info.n_heads
  const done = (parts: number) => {
    progress({ done: parts, total, unit: "parts" })
    return breathe
  }

  const read = inputs.transcoders.length === 0 ? [mlpOut, neuronsOf] : [mlpOut, mlpIn, neuronsOf]
  const hooks = [...residuals, ...read.flatMap((hook) => layersOf(info).map(hook))]
  const clean = runFacts(model, facts, {
    read: positions.flatMap((position) => hooks.map((hook) => [hook, position] as const))
  })
  const rowsAt = (hook: string, position: number): Float32Array => clean.rows[`${hook}@${position}`]!
  const { accuracy, chance } = yield* knownFacts(clean, facts, params.least_accuracy)
  yield* done(1)

  const held = holdOutFacts(facts, params.held_out_fraction, params.seed)
  const places = positions.map((position) =>
    probePlace(
      position,
      residuals.map((hook) => rowsAt(hook, position)),
      info.d_model,
      held
    )
  )
  yield* done(2)

  const atName = residuals.map((hook) => rowsAt(hook, name))
  const onHead = (heads: number): void => progress({ done: 2 + heads, total, unit: "parts" })
  const heads = yield* findBestHead(model, facts, atName, held, onHead)
  // The residual stream where the question stands, read by the unembedding as it is.
  const lens = residuals.map((hook) => share(told(unembedRows(model, rowsAt(hook, time - 1), attributes), answers)))
  const looked = lookups(model, facts, clean, positions)
  const shares = lookupShares(looked, margins(clean.scores, answers))
  yield* done(total - 1)

  // Units are looked at in the block that looks up most, where most is looked up.
  const { layer, position } = shares.strongest
  const neurons = toldByUnits(rowsAt(neuronsOf(layer), position), "neuron", held)
  const codes = yield* latentsOf(inputs.transcoders, layer, clean.rows[`${mlpIn(layer)}@${position}`])
  const latents = codes === undefined ? undefined : toldByUnits(codes, "latent", held)
  const placeName = (at: number): string => (at === name ? "last token of the name" : "token that asks")
  const found: RecallFigures = {
    held,
    chance,
    placeName,
    places,
    lens,
    heads,
    looked,
    shares,
    neurons,
    latents
  }
  const metrics = { accuracy, ...recallMetrics(found) }
  const { best } = heads
  yield* output.writeJson(figuresFileName, recallFigures(found))
  yield* output.writeJson("recall.json", {
    metrics: numbersOf(flatMetrics(metrics)),
    best_head: [best.layer, best.head]
  })
  log(
    `block ${layer} looks up most, at the ${placeName(position)}; head ${best.head} of block ${best.layer} reads it best`
  )
  return metrics
}, Effect.scoped)
