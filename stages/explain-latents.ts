/** Explains latents by a language model and scores the explanations by what it can tell from them. */
import { explainLatentsParams, decodeExplainLatents } from "../src/interp/by-model/explain-latents-params.ts"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Explanations } from "../src/kinds/explanations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Stage from "../src/stage/stage.ts"

const score = (description: string) =>
  ({ interval: "the scored latents", optional: true, better: "higher", tolerance: 0.1, description }) as const

export default Stage.make("explain-latents", {
  summary:
    "Explains latents by a language model (one that is run here, or any server of the chat completions protocol) and scores what it says.",
  inputs: {
    sae: Stage.one(Sae, "whose latents are explained"),
    activations: Stage.one(Activations, "rows of the SAE's hook: training rows explain, held-out rows score"),
    model: Stage.one(LanguageModel, "the model that the activations are of: its tokenizer writes the texts"),
    explainer_model: Stage.optional(
      LanguageModel,
      "the model that explains and judges, run here at temperature 0; none: a server's"
    )
  },
  params: explainLatentsParams,
  decode: decodeExplainLatents,
  output: Explanations,
  metrics: {
    detection: score("mean balanced accuracy: which held-out texts make the latent fire? (Delphi)"),
    detection_shuffled: { ...score("the same by another latent's explanation"), better: "neither" },
    detection_gain: score("what the right explanation adds, latent by latent"),
    fuzzing: score("mean balanced accuracy: are the marked tokens the right ones? (Delphi)"),
    fuzzing_shuffled: { ...score("the same by another latent's explanation"), better: "neither" },
    fuzzing_gain: score("what the right explanation adds, latent by latent"),
    simulation: score("mean correlation of simulated and true activations (Bills et al. 2023)"),
    simulation_shuffled: { ...score("the same by another latent's explanation"), better: "neither" },
    simulation_gain: score("what the right explanation adds, latent by latent"),
    explained_latents: { better: "neither", tolerance: 5, description: "latents with an explanation" },
    unread_answers: { better: "lower", tolerance: 20, description: "answers that could not be read as what was asked" }
  },
  headline: ["detection", "fuzzing", "detection_shuffled"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/interp/by-model/explain-latents-stage.ts"),
    (module) => module.explainLatents
  )
})
