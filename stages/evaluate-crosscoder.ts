/** How well a crosscoder, or an SAE on concatenated rows, does on held-out rows of each of its sources. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/kinds/activations/activations.ts"
import { readCrosscoder } from "../src/kinds/sae/crosscoder-file.ts"
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { denseAbove, densityFigures, densityMetrics } from "../src/sae/evaluate/density-figures.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

const nameOf = ({ hook, model }: { readonly hook: string; readonly model: string }): string =>
  `${hook} of model ${model.slice(0, 8)}`

export default Stage.make("evaluate-crosscoder", {
  summary: "Measures a crosscoder on held-out rows of its sources: sparsity, explained variance of each, dead latents",
  inputs: {
    crosscoder: Stage.one(Sae, "what train-crosscoder made"),
    sources: Stage.list(Activations, "activations of the same hooks and models, in the order of its training")
  },
  params: {
    dense_above: denseAbove
  },
  output: Evaluation,
  metrics: {
    l0: { better: "lower", tolerance: 0.5, description: "latents that fire on a row, mean" },
    explained_variance: {
      better: "higher",
      tolerance: 0.005,
      description: "1 - E|x - x_hat|^2 / E|x - E x|^2 over all held-out rows of a source, mean over the sources"
    },
    explained_variance_least: { better: "higher", tolerance: 0.005, description: "that of the source with the least" },
    cosine: { better: "higher", tolerance: 0.005, description: "mean cosine of x and x_hat, mean over the sources" },
    ...densityMetrics
  },
  engine: true,
  isolation: "process",
  run: ({ inputs, params, output, progress, log }) =>
    Effect.gen(function* () {
      const { openActivations } = yield* Effect.promise(() => import("../src/activations/open-activations.ts"))
      const { misaligned } = yield* Effect.promise(() => import("../src/activations/aligned-activations.ts"))
      const { evaluateReconstruction } = yield* Effect.promise(
        () => import("../src/sae/evaluate/evaluate-reconstruction.ts")
      )
      const { makeSaeModel } = yield* Effect.promise(() => import("../src/sae/sae-model.ts"))
      const { sideBySide } = yield* Effect.promise(() => import("../src/sae/evaluate/side-by-side.ts"))
      const { writeEvaluation } = yield* Effect.promise(() => import("../src/kinds/evaluation/write-evaluation.ts"))
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
      const wrong = misaligned(all)
      if (wrong !== undefined) return yield* stageFailed(wrong, "Capture all on one text, with one seed.")
      const rows = all[0]?.held_out.rows ?? 0
      if (rows === 0) {
        return yield* stageFailed("no rows are held out", "Capture with a greater held_out_fraction, or more text.")
      }
      if (trained.some(({ activations }, m) => activations !== all[m]?.digest)) {
        log("the crosscoder was trained on other activations: that these rows were not among them is not known")
      }

      const weights = yield* sae.anyWeights
      const tensors = yield* Effect.acquireRelease(
        Effect.sync(() => makeSaeModel(weights)),
        (made) => Effect.sync(() => made.dispose())
      )
      const { latents, parts, l0 } = yield* evaluateReconstruction(
        tensors,
        sideBySide(
          (yield* Effect.forEach(all, openActivations)).map(({ held_out: set, d_in: width }) => ({ set, width }))
        ),
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
})
