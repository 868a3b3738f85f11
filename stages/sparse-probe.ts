/** Whether single latents, or sixteen, tell what a word is. */
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Probing } from "../src/kinds/probing.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const auc = (description: string, better: "higher" | "neither") =>
  ({ interval: "test documents", better, tolerance: 0.02, description }) as const

export default Stage.make("sparse-probe", {
  summary:
    "Probes a word's part of speech, form and kind of text with 1 and with 16 latents, beside the activation's own numbers",
  inputs: {
    sae: Stage.one(Sae, "the SAE to probe"),
    model: Stage.one(LanguageModel, "the model that its activations are of")
  },
  params: {
    hook: Param.string({ default: null, description: "where to read the activation; null: the SAE's own hook" }),
    words_per_document: Param.integer({
      default: 8,
      minimum: 1,
      description: "words of each of the 500 documents of the Brown corpus",
      unit: "words"
    }),
    seed: Param.integer({ default: 0, minimum: 0, description: "of the words, and of which documents are tested on" })
  },
  output: Probing,
  metrics: {
    auc_k1: auc("area under the ROC curve of a probe of one latent, mean over tasks", "higher"),
    auc_k16: auc("the same of 16 latents", "higher"),
    gain_k16: auc("auc_k16 less auc_basis_k16", "higher"),
    gain_k1: auc("auc_k1 less auc_basis_k1", "higher"),
    auc_basis_k1: auc("baseline: one number of the activation itself", "neither"),
    auc_basis_k16: auc("baseline: 16 numbers of the activation itself", "neither"),
    auc_shuffled_k1: auc("control: one latent, labels shuffled in training and in test; a half is chance", "neither"),
    auc_shuffled_k16: auc("the same with 16 latents", "neither"),
    tasks: { better: "higher", tolerance: 0, description: "tasks with enough words" }
  },
  headline: ["auc_k1", "auc_k16", "gain_k16"],
  engine: true,
  isolation: "process",
  runTogether: {
    // The model reads the same words, once for all SAEs of a hook.
    group: ({ params, inputs }) => JSON.stringify([inputs["model"], params]),
    run: Stage.late(
      () => import("../src/analysis/probing/sparse-probe-stage.ts"),
      (module) => module.sparseProbeStage
    )
  }
})
