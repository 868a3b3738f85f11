/** The stage evaluate-crosscoder: a crosscoder on held-out rows of each of its sources, and in their models. */
import * as Effect from "effect/Effect"
import { requireAligned, requireHeldOut, requireModelOf } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { writeEvaluation } from "../../kinds/evaluation/write-evaluation.ts"
import { readCrosscoder } from "../../kinds/sae/crosscoder-file.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { openModel } from "../../model/open-model.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, flatMetrics, numbersOf } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openSaeModel, type SaeModel } from "../sae-model.ts"
import { densityFigures } from "./density-figures.ts"
import { heldOutUnits } from "./held-out-units.ts"
import { evaluateReconstruction } from "./evaluate-reconstruction.ts"
import { evaluationContexts } from "./evaluation-contexts.ts"
import { hookAblations } from "./hook-ablations.ts"
import { sideBySide } from "./side-by-side.ts"
import { sourceLossFigures } from "./source-losses.ts"
import { splicedSources } from "./spliced-sources.ts"

interface EvaluateCrosscoderParams {
  readonly contexts: number
  readonly dense_above: number
}

interface EvaluateCrosscoderInputs {
  readonly crosscoder: Opened<SaeHandle>
  readonly sources: ReadonlyArray<Opened<ActivationsHandle>>
  readonly models: ReadonlyArray<Opened<LanguageModelHandle>>
}

const nameOf = ({ hook, model }: { readonly hook: string; readonly model: string }): string =>
  `${hook} of model ${model.slice(0, 8)}`

const noContexts = { count: 0, whole: 0, targets: 0 }

/** What reconstructions cost the sources' models. @param all activations of the sources, of aligned rows */
const measureLosses = Effect.fnUntraced(function* (
  crosscoder: SaeModel,
  all: ReadonlyArray<ActivationsHandle>,
  handles: ReadonlyArray<LanguageModelHandle>,
  wanted: number
) {
  // Aligned rows: the same tokens are held out, and the same masked, in every source.
  const chosen = yield* evaluationContexts(all[0] as ActivationsHandle, wanted)
  if (chosen.targets === 0) return undefined
  const models = yield* Effect.forEach(handles, openModel)
  const ablations = yield* Effect.forEach(all, (activations, m) =>
    hookAblations(activations, models[m]!, chosen, { kl: true })
  )
  const sources = all.map(({ hook, d_in: width }, m) => ({ model: models[m]!, hook, width }))
  const spliced = yield* splicedSources(sources, crosscoder, chosen.contexts)
  return {
    ...sourceLossFigures(sources.map(({ hook }, m) => ({ hook, ablations: ablations[m]!, spliced: spliced[m]! }))),
    contexts: { count: chosen.contexts.length, whole: chosen.whole, targets: chosen.targets }
  }
})

export const evaluateCrosscoder = Effect.fn("evaluateCrosscoder")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<EvaluateCrosscoderParams, unknown, EvaluateCrosscoderInputs>) {
  const { artifact, value: sae } = inputs.crosscoder
  const all = inputs.sources.map(({ value }) => value)

  const file = yield* readCrosscoder(artifact)
  if (file === undefined) {
    return yield* stageFailed(`it is no crosscoder, but a ${sae.architecture} SAE`, "Use evaluate-sae.")
  }
  const trained = file.sources
  const same = all.every(({ hook, model }, m) => hook === trained[m]?.hook && model === trained[m]?.model)
  if (!same || all.length !== trained.length) {
    return yield* stageFailed(
      `the crosscoder reads ${trained.map(nameOf).join(", ")}; the sources are ${all.map(nameOf).join(", ")}`,
      "Give activations of the same hooks and models, in that order."
    )
  }
  const models = inputs.models.map(({ value }) => value)
  if (models.length > 0 && models.length !== all.length) {
    return yield* stageFailed(
      `there are ${all.length} sources and ${models.length} models`,
      "Give the model of each source, in their order; the same one twice where two sources are of it."
    )
  }
  for (const [m, model] of models.entries()) yield* requireModelOf(all[m]!, model)
  yield* requireAligned(all)
  for (const source of all) yield* requireHeldOut(source)
  const rows = all[0]?.held_out.rows ?? 0
  if (trained.some(({ activations }, m) => activations !== all[m]?.digest)) {
    log("the crosscoder was trained on other activations: that these rows were not among them is not known")
  }

  const tensors = yield* openSaeModel(yield* sae.anyWeights)
  const { latents, parts, l0, intervals, meanIntervals } = yield* evaluateReconstruction(
    tensors,
    sideBySide((yield* Effect.forEach(all, openActivations)).map(({ held_out: set, d_in: width }) => ({ set, width }))),
    {
      parts: all.map(({ d_in }) => d_in),
      units: heldOutUnits(all[0] as ActivationsHandle),
      onRows: (done) => progress({ done, total: rows, unit: "rows" })
    }
  )
  const constant = parts.findIndex((part) => Number.isNaN(part.explained_variance))
  if (constant >= 0) {
    return yield* stageFailed(
      `the held-out rows of ${all[constant]?.hook} are all the same, so explained variance is undefined`
    )
  }
  const losses = models.length === 0 ? undefined : yield* measureLosses(tensors, all, models, params.contexts)
  const sources = all.map(({ hook, model, digest }, m) => {
    const { explained_variance, mse, cosine } = parts[m] as (typeof parts)[number]
    const inModel = losses?.sources[m]
    const kl = inModel?.["kl_sae"]
    const cost = kl === undefined ? "" : `, divergence ${kl.toFixed(4)} nats a token`
    log(`${nameOf({ hook, model })}: explained variance ${explained_variance.toFixed(4)}${cost}`)
    const of = { hook, model, activations: digest, explained_variance, mse, cosine }
    return inModel === undefined ? of : { ...of, metrics: inModel }
  })
  const without = {
    unmeasured: models.length === 0 ? "no models are given" : "no held-out context has a token to predict"
  }
  const mean = (of: (source: (typeof sources)[number]) => number): number =>
    sources.reduce((sum, source) => sum + of(source), 0) / sources.length
  const density = densityFigures(latents.density, params.dense_above)
  const least = parts.reduce((least, part) => (part.explained_variance < least.explained_variance ? part : least))
  const metrics = {
    l0: estimated(l0, intervals["l0"]),
    explained_variance: estimated(
      mean((source) => source.explained_variance),
      meanIntervals.explained_variance
    ),
    explained_variance_least: estimated(least.explained_variance, least.intervals["explained_variance"]),
    cosine: estimated(
      mean((source) => source.cosine),
      meanIntervals.cosine
    ),
    ...(losses?.metrics ?? { kl_sae: without, kl_recovered_mean: without }),
    ...density.metrics
  }
  yield* writeEvaluation(
    output,
    {
      sae: sae.digest,
      activations: null,
      model: null,
      hook: null,
      sources,
      d_in: sae.d_in,
      d_sae: sae.d_sae,
      rows,
      contexts: losses?.contexts ?? noContexts,
      metrics: numbersOf(flatMetrics(metrics)),
      ...density.info
    },
    latents
  )
  return metrics
})
