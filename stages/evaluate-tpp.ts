/** Whether latents that speak for one class of texts can be ablated without the others: targeted probe perturbation. */
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import { metricsByNumber, perturbationParams } from "../src/analysis/perturbation/perturbation-params.ts"
import * as Stage from "../src/stage/stage.ts"

const info = { interval: "test documents", better: "neither", tolerance: 0.03 } as const
const control = { interval: "draws of latents", better: "neither", tolerance: 0.03 } as const

export default Stage.make("evaluate-tpp", {
  summary:
    "Ablates the latents that speak most for each class of texts: its probe's fall less that of the others' (TPP)",
  inputs: {
    sae: Stage.one(Sae, "the SAE"),
    model: Stage.one(LanguageModel, "the model that its activations are of"),
    classes: Stage.list(Tokens, "texts of each class, of several documents: a stage load-text with a matrix of classes")
  },
  params: perturbationParams,
  output: Figures,
  metrics: {
    probe_accuracy: { better: "neither", tolerance: 0.02, description: "accuracy of the probes, nothing ablated" },
    ...metricsByNumber(
      ["tpp_threshold_", "_total_metric"],
      { ...info, better: "higher" },
      (n) => `with ${n} latents of a class ablated: accuracy that its probe loses less what the others' lose`
    ),
    ...metricsByNumber(
      ["tpp_threshold_", "_intended_diff_only"],
      info,
      (n) => `accuracy that the class's own probe loses, ${n} latents`
    ),
    ...metricsByNumber(
      ["tpp_threshold_", "_unintended_diff_only"],
      info,
      (n) => `accuracy that the probes of other classes lose, ${n} latents`
    ),
    ...metricsByNumber(
      ["tpp_threshold_", "_shuffled"],
      info,
      (n) => `control: documents dealt out to the classes anew, ${n} latents; near 0`
    ),
    ...metricsByNumber(
      ["tpp_threshold_", "_random"],
      control,
      (n) => `control: ${n} latents at random of those that fire; near 0`
    )
  },
  headline: ["probe_accuracy", "tpp_threshold_20_total_metric", "tpp_threshold_20_random"],
  engine: true,
  isolation: "process",
  runTogether: {
    // The model reads the same texts, once for all SAEs.
    group: ({ params, inputs }) => JSON.stringify([inputs["model"], inputs["classes"], params]),
    run: Stage.late(
      () => import("../src/analysis/perturbation/tpp-stage.ts"),
      (module) => module.tppStage
    )
  }
})
