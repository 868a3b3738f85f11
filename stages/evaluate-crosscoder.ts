/** How well a crosscoder, or an SAE on concatenated rows, does on held-out rows of each of its sources. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { denseAbove, densityMetrics } from "../src/sae/evaluate/density-figures.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const divergence = (better: "lower" | "neither", description: string) =>
  ({ interval: "the contexts", optional: true, better, tolerance: 0.02, description }) as const
const recovered = (description: string) =>
  ({ interval: "the contexts", optional: true, better: "higher", tolerance: 0.005, description }) as const

export default Stage.make("evaluate-crosscoder", {
  summary:
    "Measures a crosscoder on held-out rows of its sources: sparsity, explained variance of each, dead latents, and what it costs their models",
  inputs: {
    crosscoder: Stage.one(Sae, "what train-crosscoder made"),
    sources: Stage.list(Activations, "activations of the same hooks and models, in the order of its training"),
    models: Stage.optionalList(
      LanguageModel,
      "the model of each source, in their order; without them divergences are not measured"
    )
  },
  params: {
    contexts: Param.integer({
      default: 128,
      minimum: 1,
      unit: "contexts",
      description: "held-out contexts that divergences are over, at most"
    }),
    dense_above: denseAbove
  },
  output: Evaluation,
  metrics: {
    l0: {
      better: "lower",
      tolerance: 0.5,
      interval: "held-out documents",
      description: "latents that fire on a row, mean"
    },
    explained_variance: {
      interval: "held-out documents",
      better: "higher",
      tolerance: 0.005,
      description: "1 - E|x - x_hat|^2 / E|x - E x|^2 over all held-out rows of a source, mean over the sources"
    },
    explained_variance_least: {
      better: "higher",
      tolerance: 0.005,
      interval: "held-out documents",
      description: "that of the source with the least"
    },
    cosine: {
      better: "higher",
      tolerance: 0.005,
      interval: "held-out documents",
      description: "mean cosine of x and x_hat, mean over the sources"
    },
    kl_sae: divergence(
      "lower",
      "divergence of a source's model with the crosscoder's reconstruction in place from the model as it is, nats a token, mean over the sources"
    ),
    kl_zero: divergence("neither", "the same with zeros in place"),
    kl_mean: divergence("neither", "the same with the mean activation in place"),
    kl_resample: divergence("neither", "the same with activations of other tokens in place"),
    kl_recovered: recovered("1 - KL_sae / KL_zero, mean over the sources"),
    kl_recovered_mean: recovered("1 - KL_sae / KL_mean, mean over the sources"),
    kl_recovered_resample: recovered("1 - KL_sae / KL_resample, mean over the sources"),
    kl_recovered_mean_least: recovered("1 - KL_sae / KL_mean of the source with the least"),
    ...densityMetrics
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/sae/evaluate/evaluate-crosscoder.ts"),
    (module) => module.evaluateCrosscoder
  )
})
