/** The stage evaluate-ground-truth. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireReads } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { readSyntheticTruth, type SyntheticTruth } from "../../kinds/activations/synthetic-truth.ts"
import { type GroundTruthFile, groundTruthFileName } from "../../kinds/ground-truth.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import { meanInterval, shareInterval } from "../../numeric/mean-interval.ts"
import { mean } from "../../numeric/mean.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { decoderCosines } from "../decoder-cosine.ts"
import { encodeLatents } from "../latent-codes.ts"
import { type TruthAbsorption, truthAbsorption } from "./truth-absorption.ts"
import { presentFeatures } from "./present-features.ts"
import { directionFigures, firingFigures } from "./truth-figures.ts"

interface GroundTruthParams {
  readonly target: "features" | "parts"
  readonly recovered_cosine: number
}

interface GroundTruthInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
}

/** Each latent as a classifier, on all held-out rows. */
const firing = Effect.fnUntraced(function* (
  { sae, activations }: GroundTruthInputs,
  truth: SyntheticTruth,
  feature: Int32Array
) {
  yield* requireReads(sae.value, activations.value)
  yield* requireHeldOut(activations.value)
  const model = yield* openSaeModel(yield* sae.value.anyWeights)
  const x = yield* (yield* openActivations(activations.value)).held_out.loadRows()
  const codes = encodeLatents(x, model)
  return { codes, ...firingFigures(codes, truth, feature, truth.probabilities.length) }
}, Effect.scoped)

const absorptionMetrics = (absorbed: TruthAbsorption | undefined) => ({
  absorption_rate:
    absorbed?.rate === undefined
      ? { unmeasured: "no feature that fires on held-out rows has a latent of its own" }
      : estimated(absorbed.rate, absorbed.intervals["rate"]),
  absorption_rate_with_child:
    absorbed?.rateWithChild === undefined
      ? { unmeasured: "no feature that has a latent of its own fires with a child of it" }
      : estimated(absorbed.rateWithChild, absorbed.intervals["rateWithChild"])
})

export const groundTruthStage = Effect.fn("groundTruthStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<GroundTruthParams, unknown, GroundTruthInputs>) {
  const sae = inputs.sae.value
  const whole = yield* readSyntheticTruth(inputs.activations.artifact)
  if (whole === undefined) {
    return yield* stageFailed("what these activations are made of is not known", "Give activations of make-synthetic.")
  }
  const { ids, truth } = presentFeatures(whole)
  if (ids.length === 0) return yield* stageFailed("this world has no feature", "Lower absent.")
  const targets = params.target === "parts" ? truth.parts : truth.features
  if (targets === undefined) {
    return yield* stageFailed("the features of this world have no parts", "Make it with parts, or ask for features.")
  }
  if (sae.d_in !== truth.d_in) {
    return yield* stageFailed(`the SAE reads rows of ${sae.d_in} numbers, the features have ${truth.d_in}`)
  }
  const { W_dec } = yield* sae.weights
  const { mcc, matched, uniqueness, best, feature } = directionFigures(W_dec, targets, sae.d_in)
  const recovered = Array.from(best, (cosine) => (cosine > params.recovered_cosine ? 1 : 0))
  const fired = params.target === "features" ? yield* firing(inputs, truth, feature) : undefined
  const absorbed =
    fired === undefined
      ? undefined
      : truthAbsorption(
          fired.codes,
          W_dec,
          decoderCosines(W_dec, truth.features, sae.d_in),
          truth,
          params.recovered_cosine
        )
  const true_l0 = truth.feature.length / (truth.start.length - 1)
  const file: GroundTruthFile = {
    format: 2,
    sae: sae.digest,
    d_sae: sae.d_sae,
    target: params.target,
    targets: best.length,
    mcc,
    uniqueness,
    recovered: mean(recovered),
    recovered_cosine: params.recovered_cosine,
    best_cosine: Array.from(best),
    firing:
      fired === undefined ? null : { feature: Array.from(feature, (n) => ids[n]!), f1: Array.from(fired.f1), true_l0 },
    absorption:
      absorbed === undefined ? null : absorbed.perFeature.map((each) => ({ ...each, feature: ids[each.feature]! }))
  }
  yield* output.writeJson(groundTruthFileName, file)
  log(`MCC ${mcc.toFixed(4)}, ${recovered.filter(Boolean).length} of ${best.length} ${params.target} recovered`)
  const overTargets = bootstrapIntervals(
    [best.length],
    (times) => ({
      recovered: drawnSum(times, recovered) / best.length,
      mean_max_cosine: drawnSum(times, best) / best.length
    }),
    Rng.make(0, "intervals of recovered features")
  )
  const directions = withIntervals(
    { mcc, recovered: file.recovered, mean_max_cosine: mean(best) },
    { ...overTargets, mcc: meanInterval(matched, Rng.make(0, "intervals of matched features")) }
  )
  if (fired === undefined) {
    const none = { unmeasured: "parts do not fire by themselves" }
    return {
      uniqueness,
      ...directions,
      f1: none,
      precision: none,
      recall: none,
      dead_latents: none,
      absorption_rate: none,
      absorption_rate_with_child: none
    }
  }
  const overLatents = bootstrapIntervals(
    [sae.d_sae],
    (times) => ({
      f1: drawnSum(times, fired.f1) / sae.d_sae,
      precision: drawnSum(times, fired.precision) / sae.d_sae,
      recall: drawnSum(times, fired.recall) / sae.d_sae
    }),
    Rng.make(0, "intervals of latents as classifiers")
  )
  const dead = shareInterval(fired.dead, sae.d_sae, Rng.make(0, "intervals of dead latents"))
  return {
    uniqueness,
    ...directions,
    ...withIntervals({ f1: mean(fired.f1), precision: mean(fired.precision), recall: mean(fired.recall) }, overLatents),
    dead_latents: estimated(fired.dead / sae.d_sae, dead),
    ...absorptionMetrics(absorbed)
  }
}, Effect.scoped)
