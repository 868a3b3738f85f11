/** How well an SAE does on rows that it was not trained on, and what it costs the model. */
import { Ablations } from "../src/kinds/ablations.ts"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import { ablationMetrics, splicedMetrics } from "../src/sae/evaluate/ablation-metrics.ts"
import { denseAbove, densityMetrics } from "../src/sae/evaluate/density-figures.ts"
import * as Stage from "../src/stage/stage.ts"

const overDocuments = "held-out documents; contexts, where fewer than eight documents are held out"

export default Stage.make("evaluate-sae", {
  summary: "Measures an SAE on held-out rows: sparsity, explained variance, cross-entropy recovered, dead latents",
  inputs: {
    sae: Stage.one(Sae, "the SAE to evaluate"),
    activations: Stage.one(Activations, "activations of the SAE's hook; only held-out rows are used"),
    target: Stage.optional(Activations, "of a transcoder: what it has to give; the same tokens"),
    model: Stage.optional(
      LanguageModel,
      "the model that the activations are of; without one, cross-entropies are not measured"
    ),
    ablations: Stage.optional(
      Ablations,
      "of the activations that the reconstruction takes the place of (ablate-hook); measured here where they are left out"
    )
  },
  params: {
    contexts: Param.integer({
      default: null,
      minimum: 1,
      description: "held-out contexts that cross-entropies are over, at most; null: those of the ablations, or 128",
      unit: "contexts"
    }),
    kl: Param.boolean({ default: false, description: "also the KL divergence from the model as it is" }),
    dense_above: denseAbove
  },
  decode: (params, { model, ablations }) =>
    Stage.decoded(params, [
      ...(params.kl && model === 0
        ? [{ param: "kl", problem: "kl is of a model, and none is given", remedy: "give the model, or leave kl out" }]
        : []),
      ...(ablations > 0 && model === 0
        ? [{ param: "ablations", problem: "they are of a model, and none is given", remedy: "give the model" }]
        : []),
      ...(ablations > 0 && params.contexts !== null
        ? [{ param: "contexts", problem: "the ablations say which contexts", remedy: "give it to ablate-hook" }]
        : [])
    ]),
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
      interval: overDocuments,
      optional: true,
      better: "higher",
      tolerance: 0.005,
      description: "mean over rows of 1 - |x - x_hat|^2 / |x - batch mean|^2, as older tools print it"
    },
    explained_variance_batch: {
      interval: "blocks of 2,048 held-out rows",
      optional: true,
      better: "higher",
      tolerance: 0.005,
      description: "mean over batches of 1 - sum |x - x_hat|^2 / sum |x - batch mean|^2 (OpenMOSS; 1 - sparsify's FVU)"
    },
    explained_variance_centred: {
      interval: "blocks of 2,048 held-out rows",
      optional: true,
      better: "higher",
      tolerance: 0.005,
      description: "mean over batches of 1 - Var(x - x_hat) / Var(x), blind to a constant error (dictionary_learning)"
    },
    explained_variance_uncentred: {
      interval: overDocuments,
      optional: true,
      better: "higher",
      tolerance: 0.005,
      description: "1 - E|x - x_hat|^2 / E|x|^2, about zero (nearly what SAEBench's core prints)"
    },
    mse: {
      interval: overDocuments,
      better: "lower",
      tolerance: { relative: 0.005 },
      description: "E|x - x_hat|^2, summed over the numbers of a row"
    },
    cosine: { interval: overDocuments, better: "higher", tolerance: 0.005, description: "mean cosine of x and x_hat" },
    l2_ratio: {
      interval: overDocuments,
      better: "neither",
      tolerance: 0.005,
      description: "mean of |x_hat| / |x|: below one where the SAE shrinks"
    },
    relative_reconstruction_bias: {
      interval: overDocuments,
      optional: true,
      better: "neither",
      tolerance: 0.005,
      description: "E|x_hat|^2 / E<x, x_hat>: one where rescaling gains nothing"
    },
    ...ablationMetrics,
    ...splicedMetrics,
    ...densityMetrics
  },
  headline: ["explained_variance", "l0", "ce_recovered"],
  engine: true,
  isolation: "process",
  runTogether: {
    // One pass over the rows, and one up to the hook in the model, for all SAEs of a hook.
    group: ({ params, inputs }) => JSON.stringify([params, { ...inputs, sae: undefined }]),
    run: Stage.late(
      () => import("../src/sae/evaluate/evaluate-sae.ts"),
      (module) => module.evaluateSae
    )
  }
})
