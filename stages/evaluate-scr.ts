/** Whether a probe that learnt two attributes at once can be freed of one by ablating its latents: spurious correlation removal. */
import { metricsByNumber, perturbationParams } from "../src/analysis/perturbation/perturbation-params.ts"
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import * as Stage from "../src/stage/stage.ts"

const texts = (what: string) => Stage.one(Tokens, `texts of several documents that have ${what}`)
const info = { interval: "test documents", better: "neither", tolerance: 0.1 } as const
const control = { interval: "draws of latents", better: "neither", tolerance: 0.1 } as const

export default Stage.make("evaluate-scr", {
  summary:
    "Ablates the latents of an attribute that went with another one, and measures how far a probe of both then comes to one of the other alone (SCR)",
  inputs: {
    sae: Stage.one(Sae, "the SAE"),
    model: Stage.one(LanguageModel, "the model that its activations are of"),
    both: texts("the first attribute and the second"),
    first_only: texts("the first attribute alone"),
    second_only: texts("the second attribute alone"),
    neither: texts("neither of them")
  },
  params: perturbationParams,
  output: Figures,
  metrics: {
    probe_accuracy: { better: "neither", tolerance: 0.02, description: "accuracy of each attribute's own probe, mean" },
    biased_accuracy: {
      better: "neither",
      tolerance: 0.02,
      description: "accuracy of the probe of both attributes, on the one that it tells worse"
    },
    ...metricsByNumber(
      ["scr_metric_threshold_", ""],
      { ...info, better: "higher" },
      (n) => `share of the accuracy lost to the other attribute that comes back with ${n} of its latents ablated`
    ),
    ...metricsByNumber(
      ["scr_dir1_threshold_", ""],
      info,
      (n) => `of the first attribute, with ${n} latents of the second ablated`
    ),
    ...metricsByNumber(
      ["scr_dir2_threshold_", ""],
      info,
      (n) => `of the second attribute, with ${n} latents of the first ablated`
    ),
    ...metricsByNumber(
      ["scr_random_threshold_", ""],
      control,
      (n) => `control: ${n} latents at random of those that fire; near 0`
    )
  },
  headline: ["scr_metric_threshold_20", "scr_random_threshold_20", "biased_accuracy"],
  engine: true,
  isolation: "process",
  runTogether: {
    // The model reads the same texts, once for all SAEs.
    group: ({ params, inputs }) =>
      JSON.stringify([
        ...["model", "both", "first_only", "second_only", "neither"].map((name) => inputs[name]),
        params
      ]),
    run: Stage.late(
      () => import("../src/analysis/perturbation/scr-stage.ts"),
      (module) => module.scrStage
    )
  }
})
