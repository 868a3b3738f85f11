/** Which directions of a dictionary decide an answer: latents, components or neurons patched from clean prompts into corrupted ones. */
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { PromptPairs } from "../src/kinds/prompt-pairs.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overPairs = "the pairs of prompts that are measured"

export default Stage.make("patch-latents", {
  summary:
    "Patches directions of a dictionary (an SAE, or one of make-dictionary) from clean prompts into corrupted ones, in an order of its own (ACDC's rule), and measures KL and logit difference against the number patched",
  inputs: {
    sae: Stage.one(Sae, "the dictionary: its hook is where activations are patched"),
    model: Stage.one(LanguageModel, "the model"),
    prompts: Stage.one(PromptPairs, "pairs of prompts; every second one chooses, the others measure")
  },
  params: {
    thresholds: Param.integer({
      default: 16,
      minimum: 2,
      description:
        "thresholds of the rule, from 1e-5 to 1 nat evenly in the logarithm: sets of directions that are measured"
    }),
    least_accuracy: Param.number({
      default: 0.75,
      minimum: 0,
      maximum: 1,
      description: "share of the prompts whose right answer the model has to prefer"
    }),
    seed: Param.integer({ default: 0, description: "of the order in which directions are visited, and of the control" })
  },
  output: Figures,
  metrics: {
    patches_to_half: {
      interval: overPairs,
      optional: true,
      better: "lower",
      tolerance: { relative: 0.5 },
      description:
        "directions (latents along one line are one) that have to be patched to halve the KL from the clean prompt's answer"
    },
    edit_to_half: {
      interval: overPairs,
      optional: true,
      better: "lower",
      tolerance: { relative: 0.5 },
      description: "length of what they add, root mean square over the positions"
    },
    random_to_half: {
      interval: `${overPairs}, and the random orders`,
      optional: true,
      better: "neither",
      tolerance: { relative: 0.5 },
      description: "directions that it takes in a random order, mean of sixteen: the control"
    },
    kl_unpatched: {
      interval: overPairs,
      better: "neither",
      tolerance: { relative: 0.3 },
      description: "KL(clean prompt's answer || corrupted one's), nats"
    },
    kl_all: {
      interval: overPairs,
      better: "lower",
      tolerance: { relative: 0.3 },
      description: "with all patched: what is left is what the dictionary does not have"
    },
    difference_all: {
      interval: overPairs,
      better: "higher",
      tolerance: 0.2,
      description: "share of the logit difference that all bring back"
    },
    directions: { better: "neither", tolerance: { relative: 0.2 }, description: "directions whose codes differ" }
  },
  headline: ["patches_to_half", "random_to_half", "kl_all"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/patching/patch-latents-stage.ts"),
    (module) => module.patchLatentsStage
  )
})
