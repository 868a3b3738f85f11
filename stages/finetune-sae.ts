/** Trains an SAE on for what the model does with its reconstruction: KL divergence or cross-entropy, end to end. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { architectureFile, architectures } from "../src/sae/architectures.ts"
import { trainingMetrics } from "../src/sae/stages/training-params.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

/** Whose loss has one reconstruction. */
const all = [...architectures.values()].filter(({ endToEnd }) => endToEnd !== undefined)
const names = all.map(({ name }) => name)

export default Stage.make("finetune-sae", {
  summary:
    "Trains an SAE on for the model's KL divergence or cross-entropy with the reconstruction in place (end to end)",
  inputs: {
    sae: Stage.one(Sae, `the SAE to go on from: ${names.join(", ")}`),
    activations: Stage.one(Activations, "activations of its hook: their training contexts are run through the model"),
    model: Stage.one(LanguageModel, "the model that they are of")
  },
  params: {
    architecture: Param.choice(names, {
      default: null,
      description:
        "as which it is trained on; null: what it was trained as, and the key holds the code of all that it may be"
    }),
    objective: Param.choice(["kl", "ce"], {
      default: "kl",
      description: "kl: divergence from the model as it is; ce: next-token cross-entropy (Braun et al. 2024)"
    }),
    mse_coefficient: Param.number({
      default: 0,
      minimum: 0,
      description: "weight of the reconstruction loss, as a fraction of variance, beside the objective"
    }),
    steps: Param.integer({ default: 200, minimum: 1, unit: "steps", description: "training steps" }),
    contexts: Param.integer({ default: 8, minimum: 1, unit: "contexts", description: "contexts a step" }),
    lr: Param.number({ default: 1e-4, minimum: 0, description: "peak learning rate of Adam" }),
    clip: Param.number({
      default: 1,
      minimum: 0,
      description: "largest norm of the gradient of all parameters together"
    }),
    sparsity_coefficient: Param.number({
      default: null,
      minimum: 0,
      description: "weight of the sparsity penalty, where it has one; null: that of the SAE's training"
    }),
    seed: Param.integer({ default: 0, description: "seed of the order of contexts" })
  },
  output: Sae,
  metrics: {
    ...trainingMetrics,
    loss_before: { better: "neither", tolerance: 0.02, description: "the loss of the first tenth of the steps" }
  },
  engine: true,
  isolation: "process",
  code: ({ params: { architecture } }) =>
    all.filter(({ name }) => architecture === null || name === architecture).map(architectureFile),
  run: Stage.late(
    () => import("../src/sae/stages/finetune-stage.ts"),
    (module) => module.finetuneStage
  )
})
