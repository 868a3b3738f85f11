/** Explains latents by a language model and scores the explanations by what it can tell from them. */
import { explainLatentsParams, decodeExplainLatents } from "../src/interp/by-model/explain-latents-params.ts"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Explanations } from "../src/kinds/explanations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Stage from "../src/stage/stage.ts"

const score = (description: string) =>
  ({ interval: "the scored latents", optional: true, better: "higher", tolerance: 0.1, description }) as const

/** A score, what another latent's explanation has of it, and the difference. */
const scored = <N extends string>(name: N, description: string) =>
  ({
    [name]: score(description),
    [`${name}_shuffled`]: { ...score("the same by another latent's explanation"), better: "neither" },
    [`${name}_gain`]: score("what the right explanation adds, latent by latent")
  }) as Record<N | `${N}_gain`, ReturnType<typeof score>> &
    Record<`${N}_shuffled`, Omit<ReturnType<typeof score>, "better"> & { readonly better: "neither" }>

export default Stage.make("explain-latents", {
  summary:
    "Explains latents by a language model (one that is run here, or any server of the chat completions protocol) and scores what it says.",
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
    model: Stage.one(LanguageModel, "the model that the activations are of: its tokenizer writes the texts"),
    explainer_model: Stage.optional(
      LanguageModel,
      "the model that explains and judges, run here at temperature 0; none: a server's"
    ),
    judge_model: Stage.optional(
      LanguageModel,
      "the model that reads and embeds texts, with a chat template or without; none: explainer_model"
    )
  },
  params: explainLatentsParams,
  decode: decodeExplainLatents,
  output: Explanations,
  metrics: {
    ...scored("detection", "mean balanced accuracy: which held-out texts make the latent fire? (Delphi)"),
    ...scored("detection_auc", "mean AUC of the probability of yes, in detection"),
    detection_contrast: score("mean AUC of that log odds less the same text's by another explanation; 0.5 by chance"),
    ...scored("fuzzing", "mean balanced accuracy: are the marked tokens the right ones? (Delphi)"),
    ...scored("fuzzing_auc", "mean AUC of the probability of yes, in fuzzing"),
    fuzzing_contrast: score("mean AUC of that log odds less the same text's by another explanation; 0.5 by chance"),
    ...scored("simulation", "mean correlation of simulated and true activations (Bills et al. 2023)"),
    ...scored(
      "surprise",
      "mean AUC of how much likelier a text is after the explanation: does the latent fire? (Delphi)"
    ),
    surprise_contrast: score("mean AUC of how much likelier it is than after another explanation; 0.5 by chance"),
    ...scored("embedding", "mean AUC of the cosine of text and explanation: does the latent fire? (Delphi)"),
    embedding_contrast: score("mean AUC of that cosine less that with another explanation; 0.5 by chance"),
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
