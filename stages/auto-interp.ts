/** Explains latents by token patterns and scores the explanations on held-out text; needs no further language model. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Interpretations } from "../src/kinds/interpretations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { autoInterpParams, decodeAutoInterp } from "../src/interp/auto-interp-params.ts"
import * as Stage from "../src/stage/stage.ts"

const overLatents = "the scored latents"

export default Stage.make("auto-interp", {
  summary: "Explains latents by token patterns (Neuron to Graph) and scores them on held-out text",
  inputs: {
    sae: Stage.one(
      Sae,
      "whose latents are explained: an SAE, transcoder, crosscoder, meta-SAE, or what make-dictionary makes"
    ),
    activations: Stage.one(Activations, "rows of the SAE's hook: training rows explain, held-out rows score"),
    base: Stage.optional(
      Sae,
      "of a meta-SAE: the SAE whose decoder it decomposes, through whose latents it fires on text"
    ),
    sources: Stage.optionalList(Activations, "of a crosscoder: all that it reads, in order, `activations` among them"),
    model: Stage.one(LanguageModel, "the model that the activations are of")
  },
  params: autoInterpParams,
  decode: decodeAutoInterp,
  output: Interpretations,
  metrics: {
    // Means over a sample of latents: another training has others in it.
    mean_f1: {
      interval: overLatents,
      optional: true,
      better: "higher",
      tolerance: 0.04,
      description: "mean F1 of the explanations on held-out rows"
    },
    shuffled_f1: {
      interval: overLatents,
      optional: true,
      better: "neither",
      tolerance: 0.02,
      description: "mean F1 of other latents' explanations"
    },
    token_f1: {
      interval: overLatents,
      optional: true,
      better: "neither",
      tolerance: 0.04,
      description:
        "mean F1 of the tokens on which each latent fires, as its whole explanation: the baseline without context"
    },
    f1_beyond_token: {
      interval: overLatents,
      optional: true,
      better: "higher",
      tolerance: 0.03,
      description: "mean_f1 less token_f1: what explanations know of the context"
    },
    beats_shuffled: {
      interval: overLatents,
      optional: true,
      better: "higher",
      tolerance: 0.1,
      description: "share of the scored latents whose F1 exceeds that of other latents' explanations"
    },
    mean_precision: {
      interval: overLatents,
      optional: true,
      better: "higher",
      tolerance: 0.1,
      description: "mean precision on held-out rows"
    },
    mean_recall: {
      interval: overLatents,
      optional: true,
      better: "higher",
      tolerance: 0.05,
      description: "mean recall on held-out rows"
    },
    mean_balanced_accuracy: {
      interval: overLatents,
      optional: true,
      better: "higher",
      tolerance: 0.02,
      description: "mean balanced accuracy on held-out rows"
    },
    explained_latents: { better: "neither", tolerance: 5, description: "latents with an explanation, scored or not" },
    scored_latents: { better: "neither", tolerance: 5, description: "of these, latents that fire on held-out rows" },
    live_latents: {
      better: "higher",
      tolerance: { relative: 0.02 },
      description: "latents that fire often enough to be explained"
    },
    patterns: { better: "neither", tolerance: 1, description: "mean number of patterns per explained latent" }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/interp/auto-interp.ts"),
    (module) => module.autoInterp
  )
})
