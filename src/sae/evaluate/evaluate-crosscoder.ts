/** The stage evaluate-crosscoder: a crosscoder on held-out rows of each of its sources. */
import * as Effect from "effect/Effect"
import { requireAligned, requireHeldOut } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import { writeEvaluation } from "../../kinds/evaluation/write-evaluation.ts"
import { readCrosscoder } from "../../kinds/sae/crosscoder-file.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openSaeModel } from "../sae-model.ts"
import { densityFigures } from "./density-figures.ts"
import { evaluateReconstruction } from "./evaluate-reconstruction.ts"
import { sideBySide } from "./side-by-side.ts"

interface EvaluateCrosscoderInputs {
  readonly crosscoder: Opened<SaeHandle>
  readonly sources: ReadonlyArray<Opened<ActivationsHandle>>
}

const nameOf = ({ hook, model }: { readonly hook: string; readonly model: string }): string =>
  `${hook} of model ${model.slice(0, 8)}`

export const evaluateCrosscoder = Effect.fn("evaluateCrosscoder")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<{ readonly dense_above: number }, unknown, EvaluateCrosscoderInputs>) {
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
  yield* requireAligned(all)
  for (const source of all) yield* requireHeldOut(source)
  const rows = all[0]?.held_out.rows ?? 0
  if (trained.some(({ activations }, m) => activations !== all[m]?.digest)) {
    log("the crosscoder was trained on other activations: that these rows were not among them is not known")
  }

  const tensors = yield* openSaeModel(yield* sae.anyWeights)
  const { latents, parts, l0 } = yield* evaluateReconstruction(
    tensors,
    sideBySide((yield* Effect.forEach(all, openActivations)).map(({ held_out: set, d_in: width }) => ({ set, width }))),
    { parts: all.map(({ d_in }) => d_in), onRows: (done) => progress({ done, total: rows, unit: "rows" }) }
  )
  const constant = parts.findIndex((part) => Number.isNaN(part.explained_variance))
  if (constant >= 0) {
    return yield* stageFailed(
      `the held-out rows of ${all[constant]?.hook} are all the same, so explained variance is undefined`
    )
  }
  const sources = all.map(({ hook, model, digest }, m) => {
    const { explained_variance, mse, cosine } = parts[m] as (typeof parts)[number]
    log(`${nameOf({ hook, model })}: explained variance ${explained_variance.toFixed(4)}`)
    return { hook, model, activations: digest, explained_variance, mse, cosine }
  })
  const mean = (of: (source: (typeof sources)[number]) => number): number =>
    sources.reduce((sum, source) => sum + of(source), 0) / sources.length
  const density = densityFigures(latents.density, params.dense_above)
  const metrics = {
    l0,
    explained_variance: mean((source) => source.explained_variance),
    explained_variance_least: Math.min(...sources.map((source) => source.explained_variance)),
    cosine: mean((source) => source.cosine),
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
      contexts: { count: 0, whole: 0, targets: 0 },
      metrics,
      ...density.info
    },
    latents
  )
  return metrics
})
