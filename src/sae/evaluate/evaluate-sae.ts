/** The stage evaluate-sae: an SAE on held-out rows, and in the model in place of the activation. */
import * as Effect from "effect/Effect"
import { openActivations } from "../../activations/open-activations.ts"
import { requireHeldOut, requireModelOf, requireReads, requireTarget } from "../../activations/fit.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import { writeEvaluation } from "../../kinds/evaluation/write-evaluation.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import { openModel } from "../../model/open-model.ts"
import type { Opened } from "../../stage/input.ts"
import { flatMetrics, measured, numbersOf, type Unmeasured, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { openSaeModel, type SaeModel } from "../sae-model.ts"
import { densityFigures } from "./density-figures.ts"
import { evaluateCrossEntropy, type SaeHooks } from "./evaluate-cross-entropy.ts"
import { evaluateReconstruction } from "./evaluate-reconstruction.ts"
import { evaluationContexts } from "./evaluation-contexts.ts"
import { heldOutUnits } from "./held-out-units.ts"

interface EvaluateSaeParams {
  readonly contexts: number
  readonly kl: boolean
  readonly dense_above: number
}

interface EvaluateSaeInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly target: Opened<ActivationsHandle> | undefined
  readonly model: Opened<LanguageModelHandle> | undefined
}

/** Contexts to run the model on, and the model; `without` says why there are none. */
const openCrossEntropy = Effect.fnUntraced(function* (
  activations: ActivationsHandle,
  handle: LanguageModelHandle | undefined,
  wanted: number
) {
  const none = { count: 0, whole: 0, targets: 0 }
  if (handle === undefined) return { without: "no model is given", figures: none }
  const { contexts, whole, targets } = yield* evaluationContexts(activations, wanted)
  if (targets === 0) return { without: "no held-out context has a token to predict", figures: none }
  const model = yield* openModel(handle)
  const run = (tensors: SaeModel, hooks: SaeHooks, kl: boolean, onTargets: (done: number) => void) =>
    evaluateCrossEntropy(model, tensors, hooks, contexts, {
      kl,
      onContexts: (done) => onTargets(Math.floor((targets * done) / contexts.length))
    })
  return { run, figures: { count: contexts.length, whole, targets } }
})

const noCrossEntropy = (unmeasured: string, kl: boolean) => {
  const none: Unmeasured = { unmeasured }
  return {
    ce_clean: none,
    ce_sae: none,
    ce_zero: none,
    ce_recovered: none,
    ...(kl ? { kl_sae: none, kl_zero: none } : {})
  }
}

export const evaluateSae = Effect.fn("evaluateSae")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<EvaluateSaeParams, unknown, EvaluateSaeInputs>) {
  const [sae, activations, target] = [inputs.sae.value, inputs.activations.value, inputs.target?.value]
  yield* requireReads(sae, activations)
  yield* requireTarget(sae, activations, target)
  if (inputs.model !== undefined) yield* requireModelOf(activations, inputs.model.value)
  yield* requireHeldOut(activations)
  if (sae.activations !== activations.digest) {
    log("the SAE was trained on other activations: that these rows were not among them is not known")
  }

  const crossEntropy = yield* openCrossEntropy(activations, inputs.model?.value, params.contexts)
  const tensors = yield* openSaeModel(yield* sae.anyWeights)
  const total = activations.held_out.rows + crossEntropy.figures.targets
  const rowsDone = (done: number) => progress({ done, total, unit: "rows" })
  const units = heldOutUnits(activations)
  const { latents, rows, intervals, ...figures } = yield* evaluateReconstruction(
    tensors,
    (yield* openActivations(activations)).held_out,
    { target: target === undefined ? undefined : (yield* openActivations(target)).held_out, units, onRows: rowsDone }
  )
  const hooks = { from: activations.hook, to: (target ?? activations).hook }
  const ce =
    crossEntropy.run === undefined
      ? noCrossEntropy(crossEntropy.without, params.kl)
      : yield* crossEntropy.run(tensors, hooks, params.kl, (done) => rowsDone(rows + done))
  const density = densityFigures(latents.density, params.dense_above)
  const alike = "the held-out rows are all the same"
  const { l0, mse, cosine } = figures
  const metrics = {
    ...withIntervals({ l0, mse, cosine, explained_variance: measured(figures.explained_variance, alike) }, intervals),
    explained_variance_legacy: measured(figures.explained_variance_legacy, alike),
    ...ce,
    ...density.metrics
  }
  const { hook, model } = activations
  const subject = { sae: sae.digest, activations: activations.digest, model, hook, d_in: sae.d_in, d_sae: sae.d_sae }
  const info = {
    ...subject,
    rows,
    contexts: crossEntropy.figures,
    metrics: numbersOf(flatMetrics(metrics)),
    ...density.info
  }
  yield* writeEvaluation(output, target === undefined ? info : { ...info, hook_out: target.hook }, latents)
  return metrics
})
