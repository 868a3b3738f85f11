/** Whether single features, or a few, tell what a word or a token is. */
import { decodeProbe, probeParams } from "../src/analysis/probing/probe-params.ts"
import { Activations } from "../src/kinds/activations/activations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Probing } from "../src/kinds/probing.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Stage from "../src/stage/stage.ts"

/** Each k of ks has them; declared for the default's. */
const figure = (description: string, better: "higher" | "neither") =>
  ({ interval: "test documents", better, tolerance: 0.02, description, optional: true }) as const

export default Stage.make("sparse-probe", {
  summary:
    "Probes what a word or a token is with few latents of an SAE, or of any dictionary, beside the activation's own numbers",
  inputs: {
    sae: Stage.one(Sae, "the SAE to probe"),
    model: Stage.one(LanguageModel, "the model that its activations are of"),
    activations: Stage.optional(
      Activations,
      "rows in the order of a text, whose tokens tasks are about: probes are fitted to training rows and tested on held-out ones"
    )
  },
  params: probeParams,
  decode: decodeProbe,
  output: Probing,
  metrics: {
    auc_k1: figure("area under the ROC curve of a probe of one latent, mean over tasks", "higher"),
    auc_k16: figure("the same of 16 latents", "higher"),
    gain_k16: figure("auc_k16 less auc_basis_k16", "higher"),
    gain_k1: figure("auc_k1 less auc_basis_k1", "higher"),
    auc_basis_k1: figure("baseline: one number of the activation itself", "neither"),
    auc_basis_k16: figure("baseline: 16 numbers of the activation itself", "neither"),
    auc_shuffled_k1: figure(
      "control: one latent, labels shuffled in training and in test; a half is chance",
      "neither"
    ),
    auc_shuffled_k16: figure("the same with 16 latents", "neither"),
    auc_shuffled_basis_k1: figure("the same with one number of the activation itself", "neither"),
    f1_k1: figure(
      "mean F1 of yes and of no by a probe of one latent; guessing gives a half by even odds, less by others, a third by one answer for all",
      "higher"
    ),
    f1_basis_k1: figure("the same of one number of the activation itself", "neither"),
    f1_shuffled_k1: figure("control: f1_k1 with labels shuffled, what guessing as the probe does gives", "neither"),
    f1_shuffled_basis_k1: figure("control: f1_basis_k1 with labels shuffled", "neither"),
    spread: figure("f1 with as many latents as the largest k, less f1 with the smallest", "neither"),
    spread_basis: figure("the same of the activation's own numbers", "neither"),
    tasks: { better: "neither", tolerance: 0, description: "tasks with enough words or tokens" }
  },
  headline: ["auc_k1", "auc_k16", "gain_k16"],
  engine: true,
  isolation: "process",
  runTogether: {
    // The model reads the same words, once for all SAEs of a hook; tokens are asked once for all SAEs of the same activations.
    group: ({ params, inputs }) => JSON.stringify([inputs["model"], inputs["activations"], params]),
    run: Stage.late(
      () => import("../src/analysis/probing/sparse-probe-stage.ts"),
      (module) => module.sparseProbeStage
    )
  }
})
