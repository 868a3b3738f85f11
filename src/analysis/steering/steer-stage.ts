/** The stage steer-latents. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads, requireTarget } from "../../activations/fit.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { figuresFileName } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { openModel } from "../../model/open-model.ts"
import { randomUnitRows } from "../../random/random-unit-rows.ts"
import { contextBatches } from "../../sae/evaluate/context-batch.ts"
import { evaluationContexts } from "../../sae/evaluate/evaluation-contexts.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, type Estimate } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { latentMean } from "../comparison/latent-mean.ts"
import { collectFirings } from "../meta-sae/collect-firings.ts"
import { atDamage, rise, type SteeredPoint } from "./at-damage.ts"
import { chooseClamps } from "./choose-clamps.ts"
import { type ClampedFigures, clampedFigures } from "./steered-pass.ts"
import { type SteeredLatent, steeringFigures } from "./steering-figures.ts"

interface SteerParams {
  readonly latents: ReadonlyArray<number> | null
  readonly count: number
  readonly target: string | null
  readonly damage: number
  readonly contexts: number
  readonly measured: number
  readonly least: number
  readonly dense_above: number
  readonly seed: number
}

interface SteerInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

interface Multiples {
  /** Ascending, each once. */
  readonly multiples: ReadonlyArray<number>
}

/** Means of a pass each, weighted by its predictions. */
const together = (parts: ReadonlyArray<readonly [predictions: number, ClampedFigures]>): ClampedFigures => {
  const all = parts.reduce((sum, [n]) => sum + n, 0)
  const mean = (of: (figures: ClampedFigures) => SteeredPoint): SteeredPoint => {
    const over = (name: keyof SteeredPoint) => parts.reduce((sum, [n, each]) => sum + (n / all) * of(each)[name], 0)
    return {
      multiple: of(parts[0]![1]).multiple,
      kl: over("kl"),
      ce: over("ce"),
      probability: over("probability")
    }
  }
  const [, first] = parts[0]!
  return {
    clean: mean(({ clean }) => clean),
    latent: first.latent.map((_, n) => mean(({ latent }) => latent[n]!)),
    random: first.random.map((_, n) => mean(({ random }) => random[n]!))
  }
}

const over = (values: ReadonlyArray<number>): number | Estimate => {
  const { mean, low, high } = latentMean(values)
  return estimated(mean, low === null || high === null ? undefined : { low, high })
}

export const steerStage = Effect.fn("steerStage")(function* ({
  inputs,
  params,
  settings: { multiples },
  output,
  progress,
  log
}: StageContext<SteerParams, unknown, SteerInputs, Multiples>) {
  const [sae, activations] = [inputs.sae.value, inputs.activations.value]
  yield* requireReads(sae, activations)
  yield* requireTarget(sae, activations, undefined)
  yield* requireModelOf(activations, inputs.model.value)
  yield* requireHeldOut(activations)
  const { hook, d_in } = activations
  const { contexts } = yield* evaluationContexts(activations, params.contexts + params.measured)
  // Evenly among the others, so that both are of the same kinds of text.
  const every = Math.max(2, Math.floor(contexts.length / params.measured))
  const isMeasured = (n: number): boolean => n % every === every - 1 && Math.floor(n / every) < params.measured
  const measured = contexts.filter((_, n) => isMeasured(n))
  const choosing = contexts.filter((_, n) => !isMeasured(n))
  if (measured.length === 0) {
    return yield* stageFailed(
      `${contexts.length} held-out contexts have a token to predict: some choose latents, others measure`,
      "Capture more text, or hold more of it out."
    )
  }
  const model = yield* openModel(inputs.model.value)
  const tokenizer = yield* openTokenizer(inputs.model.value.tokenizer)
  const ids = params.target === null ? undefined : tokenizer.encode(params.target)
  if (ids !== undefined && ids.length !== 1) {
    return yield* stageFailed(
      `the target ${JSON.stringify(params.target)} is ${ids.length} tokens of this model, not one`,
      "Give one token, with its leading space where it has one."
    )
  }
  const saeModel = yield* openSaeModel(yield* sae.anyWeights)
  let total = choosing.length + params.count
  const { firings, rows } = yield* collectFirings(model, saeModel, hook, choosing, (done) =>
    progress({ done, total, unit: "contexts and latents" })
  )
  const clamps = yield* chooseClamps(firings, rows, choosing, model.info.d_vocab, { ...params, target: ids?.[0] })
  total = choosing.length + clamps.length
  const directions = randomUnitRows(clamps.length, d_in, params.seed)
  const latents: Array<SteeredLatent> = []
  for (const [n, clamp] of clamps.entries()) {
    const values = multiples.map((multiple) => ({ multiple, value: multiple * clamp.largest }))
    const random = directions.subarray(n * d_in, (n + 1) * d_in)
    const parts: Array<readonly [number, ClampedFigures]> = []
    for (const part of contextBatches(measured)) {
      const predictions = part.reduce((sum, { counted }) => sum + counted.reduce((all, one) => all + one, 0), 0)
      parts.push([predictions, clampedFigures(model, saeModel, hook, part, { ...clamp, values, random })])
      yield* breathe
    }
    const figures = together(parts)
    const text = tokenizer.tokenText(clamp.target)
    latents.push({ ...clamp, text, clean: figures.clean, steered: figures.latent, random: figures.random })
    progress({ done: choosing.length + latents.length, total, unit: "contexts and latents" })
  }
  yield* output.writeJson("steering.json", {
    format: 1,
    sae: sae.digest,
    model: inputs.model.value.digest,
    hook,
    damage: params.damage,
    latents
  })
  yield* output.writeJson(figuresFileName, steeringFigures(`Steering at ${hook}`, latents, multiples))
  const above = (points: ReadonlyArray<SteeredPoint>) => points.filter(({ multiple }) => multiple > 0)
  const there = latents.map(({ clean, steered, random }) => {
    const [own, other] = [steered, random].map((points) => atDamage(clean, above(points), params.damage)) as [
      SteeredPoint,
      SteeredPoint
    ]
    return {
      rise: rise(clean, own),
      random: rise(clean, other),
      clean: clean.probability,
      probability: own.probability,
      perplexity: Math.exp(own.ce - clean.ce),
      reached: own.kl >= params.damage ? 1 : 0
    }
  })
  log(`${latents.length} latents clamped, measured on ${measured.length} contexts`)
  return {
    target_rise: over(there.map((each) => each.rise)),
    random_target_rise: over(there.map(({ random }) => random)),
    above_random: over(there.map((each) => each.rise - each.random)),
    target_probability: over(there.map(({ clean }) => clean)),
    steered_probability: over(there.map(({ probability }) => probability)),
    perplexity_ratio: over(there.map(({ perplexity }) => perplexity)),
    reached: over(there.map(({ reached }) => reached)),
    latents: latents.length
  }
}, Effect.scoped)
