/** What the activation of a hook is worth to its model: the baseline of every SAE there. */
import { Ablations } from "../src/kinds/ablations.ts"
import { Activations } from "../src/kinds/activations/activations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { ablationMetrics } from "../src/sae/evaluate/ablation-metrics.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("ablate-hook", {
  summary:
    "Measures a model as it is, and with one hook's activation ablated: zeros, its mean, other tokens' activations",
  inputs: {
    activations: Stage.one(Activations, "activations of the hook; only held-out rows are used"),
    model: Stage.one(LanguageModel, "the model that they are of")
  },
  params: {
    contexts: Param.integer({
      default: 128,
      minimum: 1,
      description: "held-out contexts that losses are over, at most",
      unit: "contexts"
    })
  },
  output: Ablations,
  metrics: ablationMetrics,
  headline: ["ce_clean", "ce_zero", "ce_mean"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/sae/evaluate/ablate-stage.ts"),
    (module) => module.ablateStage
  )
})
