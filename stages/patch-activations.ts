/** Where a model carries what decides its answer: activations patched from clean prompts into corrupted ones. */
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { PromptPairs } from "../src/kinds/prompt-pairs.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overPairs = "the pairs of prompts"

export default Stage.make("patch-activations", {
  summary:
    "Patches activations of clean prompts into corrupted ones, hook by hook and position by position, and estimates the same from gradients (attribution patching)",
  inputs: {
    model: Stage.one(LanguageModel, "the model"),
    prompts: Stage.one(PromptPairs, "pairs of prompts that it answers differently")
  },
  params: {
    hooks: Param.list(Param.string({ description: "a TransformerLens hook name" }), {
      default: null,
      description:
        "hooks with a vector at each position; left out: hook_resid_pre of every block, and the last hook_resid_post"
    }),
    method: Param.choice(["both", "activation", "attribution"], {
      default: "both",
      description:
        "activation: a pass for each place; attribution: one gradient for all places of a hook; both: and how well they agree"
    }),
    least_accuracy: Param.number({
      default: 0.75,
      minimum: 0,
      maximum: 1,
      description: "share of the prompts whose right answer the model has to prefer"
    }),
    seed: Param.integer({
      default: 0,
      description: "of the pairs that are exchanged for the control, and of the intervals"
    })
  },
  decode: (params) =>
    Stage.decoded(
      undefined,
      params.hooks?.length === 0
        ? [{ param: "hooks", problem: "no hook is named", remedy: "name some, or leave it out" }]
        : []
    ),
  output: Figures,
  metrics: {
    accuracy: {
      better: "higher",
      tolerance: 0.05,
      description: "share of the prompts, clean and corrupted, whose own answer the model prefers"
    },
    logit_difference: {
      interval: overPairs,
      better: "higher",
      tolerance: 0.5,
      description: "clean answer less corrupted one, after clean prompts"
    },
    arrival: {
      optional: true,
      better: "neither",
      tolerance: 1,
      description:
        "which hook of the list, from 0, is the first at whose last position patching brings back half of the logit difference"
    },
    arrival_recovered: {
      interval: overPairs,
      optional: true,
      better: "neither",
      tolerance: 0.2,
      description: "how much it brings back there: 0 is the corrupted prompt's difference, 1 the clean one's"
    },
    control_recovered: {
      interval: overPairs,
      optional: true,
      better: "neither",
      tolerance: 0.2,
      description:
        "the same there with the clean activation of a pair of other answers: the control, near that of a random name"
    },
    largest_recovered: {
      interval: `${overPairs}, at the places that were chosen`,
      optional: true,
      better: "neither",
      tolerance: 0.2,
      description:
        "at the best place of all, chosen on half of the pairs and measured on the other half, each half by turns; 1 where all that differs goes through one place"
    },
    agreement: {
      interval: overPairs,
      optional: true,
      better: "higher",
      tolerance: 0.1,
      description: "correlation of attribution with activation patching over all places"
    }
  },
  headline: ["accuracy", "arrival_recovered", "agreement"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/patching/patch-stage.ts"),
    (module) => module.patchStage
  )
})
