/** Latents edited by their meta-latents: is a part a handle of its own? */
import { Activations } from "../src/kinds/activations/activations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { MetaEdits } from "../src/kinds/meta-edits.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overEdits = "the latents that are edited"
const effect = { optional: true, interval: overEdits, better: "neither", tolerance: 0.2 } as const

export default Stage.make("edit-with-meta-latents", {
  summary:
    "Takes one meta-latent out of latents where they fire, or exchanges it for another, and measures the target's logit against all others, beside ablating the latent",
  inputs: {
    sae: Stage.one(Sae, "the SAE whose latents are edited"),
    meta: Stage.one(Sae, "its meta-SAE"),
    activations: Stage.one(Activations, "of the SAE's hook: which text is held out"),
    model: Stage.one(LanguageModel, "the model that the activations are of")
  },
  params: {
    latents: Param.integer({
      default: 24,
      minimum: 1,
      unit: "latents",
      description:
        "latents that are edited at most: a random sample of those that fire often enough and have two meta-latents"
    }),
    examples: Param.integer({
      default: 6,
      minimum: 1,
      unit: "tokens",
      description: "tokens that each edit is measured at; the target is chosen at as many others"
    }),
    contexts: Param.integer({
      default: 128,
      minimum: 1,
      unit: "contexts",
      description: "held-out contexts that tokens are found in, at most"
    }),
    dense_above: Param.number({
      default: 0.1,
      minimum: 0,
      maximum: 1,
      description: "share of the tokens from which on a latent is dense, and is not edited"
    }),
    seed: Param.integer({ default: 0, description: "seed of the choice of latents and of random directions" })
  },
  output: MetaEdits,
  metrics: {
    target_shift: {
      ...effect,
      description:
        "change of the logit, less the mean of all, that falls most on other examples where the latent's strongest meta-latent is taken out"
    },
    random_target_shift: {
      ...effect,
      description: "the same where a random direction of that length is taken out: the control"
    },
    selectivity: {
      ...effect,
      description: "fall of the target by the root mean square of the changes of all other logits, mean over the edits"
    },
    ablated_selectivity: { ...effect, description: "the same where the whole latent is ablated" },
    random_selectivity: { ...effect, description: "the same of the random direction: the control" },
    kl: { ...effect, tolerance: { relative: 0.3 }, description: "KL(model as it is || edited), nats" },
    ablated_kl: { ...effect, tolerance: { relative: 0.3 }, description: "the same where the whole latent is ablated" },
    swap_shift: {
      ...effect,
      description:
        "change of the logit that rises most on other examples where the meta-latent is exchanged for one of a latent that shares the rest"
    },
    swap_selectivity: { ...effect, description: "that rise by the changes of all other logits, mean over the swaps" },
    replaced_selectivity: { ...effect, description: "the same where the whole latent is replaced by the other one" },
    random_swap_selectivity: { ...effect, description: "the same of a random direction: the control" }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/meta-sae/edit-stage.ts"),
    (module) => module.editStage
  )
})
