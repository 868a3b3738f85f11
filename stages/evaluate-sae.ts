/** How well an SAE does on rows that it was not trained on, and what it costs the model. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import { denseAbove, densityMetrics } from "../src/sae/evaluate/density-figures.ts"
import * as Stage from "../src/stage/stage.ts"

const overDocuments = "held-out documents; contexts, where fewer than eight documents are held out"
const overContexts = "the contexts"

export default Stage.make("evaluate-sae", {
  summary: "Measures an SAE on held-out rows: sparsity, explained variance, cross-entropy recovered, dead latents",
  inputs: {
    sae: Stage.one(Sae, "the SAE to evaluate"),
    activations: Stage.one(Activations, "activations of the SAE's hook; only held-out rows are used"),
    target: Stage.optional(Activations, "of a transcoder: what it has to give; the same tokens"),
    model: Stage.optional(
      LanguageModel,
      "the model that the activations are of; without one, cross-entropies are not measured"
    )
  },
  params: {
    contexts: Param.integer({
      default: 128,
      minimum: 1,
      description: "held-out contexts that cross-entropies are over, at most",
      unit: "contexts"
    }),
    kl: Param.boolean({ default: false, description: "also the KL divergence from the model as it is" }),
    dense_above: denseAbove
  },
  decode: (params, { model }) =>
    Stage.decoded(
      params,
      params.kl && model === 0
        ? [{ param: "kl", problem: "kl is of a model, and none is given", remedy: "give the model, or leave kl out" }]
        : []
    ),
  output: Evaluation,
  metrics: {
    l0: { interval: overDocuments, better: "lower", tolerance: 0.5, description: "latents that fire on a row, mean" },
    explained_variance: {
      interval: overDocuments,
      optional: true,
      better: "higher",
      tolerance: 0.005,
      description: "1 - E|x - x_hat|^2 / E|x - E x|^2 over all held-out rows"
    },
    explained_variance_legacy: {
      optional: true,
      better: "higher",
      tolerance: 0.005,
      description: "mean over rows of 1 - |x - x_hat|^2 / |x - batch mean|^2, as older tools print it"
    },
    mse: {
      interval: overDocuments,
      better: "lower",
      tolerance: { relative: 0.005 },
      description: "E|x - x_hat|^2, summed over the numbers of a row"
    },
    cosine: { interval: overDocuments, better: "higher", tolerance: 0.005, description: "mean cosine of x and x_hat" },
    ce_clean: {
      interval: overContexts,
      optional: true,
      better: "lower",
      tolerance: 0.01,
      description: "cross-entropy of the model as it is, nats a token"
    },
    ce_sae: {
      interval: overContexts,
      optional: true,
      better: "lower",
      tolerance: 0.02,
      description: "cross-entropy with the reconstruction in place"
    },
    ce_zero: {
      interval: overContexts,
      optional: true,
      better: "neither",
      tolerance: 0.02,
      description: "cross-entropy with zeros in place"
    },
    ce_recovered: {
      interval: overContexts,
      optional: true,
      better: "higher",
      tolerance: 0.005,
      description: "(CE_zero - CE_sae) / (CE_zero - CE_clean)"
    },
    kl_sae: {
      interval: overContexts,
      optional: true,
      better: "lower",
      tolerance: 0.02,
      description: "with kl: divergence of the model with the reconstruction in place from the model as it is"
    },
    kl_zero: {
      interval: overContexts,
      optional: true,
      better: "neither",
      tolerance: 0.02,
      description: "with kl: the same with zeros in place"
    },
    ...densityMetrics
  },
  headline: ["explained_variance", "l0", "ce_recovered"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/sae/evaluate/evaluate-sae.ts"),
    (module) => module.evaluateSae
  )
})
