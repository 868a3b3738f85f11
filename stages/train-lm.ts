/** A small GPT-2 trained from nothing or on from another, on running text and, with the speller corpus, on spelling drills. */
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Tokenizer } from "../src/kinds/tokenizer.ts"
import { decodeLm, lmParams } from "../src/model/train/lm-params.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("train-lm", {
  summary:
    "Trains a small GPT-2, from nothing or on from another, on a text and spelling drills, and writes it in the Hugging Face layout",
  sources: {
    text: { of: "text", default: "builtin:speller-text", description: "training text; its held-out part only tests" }
  },
  inputs: {
    tokenizer: Stage.one(Tokenizer, "a tokenizer with <|endoftext|>, as train-tokenizer makes it"),
    from: Stage.optional(
      LanguageModel,
      "a GPT-2 of that tokenizer and this shape that is trained on; else random weights"
    )
  },
  params: lmParams,
  decode: decodeLm,
  output: LanguageModel,
  metrics: {
    parameters: { better: "neither", tolerance: 0, description: "numbers in the checkpoint" },
    train_text_loss: { better: "lower", tolerance: 0.02, description: "nats a token, smoothed over the last steps" },
    held_out_text_loss: { better: "lower", tolerance: 0.02, description: "nats a token, of the stored weights" },
    bigram_loss: { better: "neither", tolerance: 0.001, description: "of a Kneser-Ney bigram on the same tokens" }
  },
  engine: true,
  isolation: "process",
  resources: () => ({ gpu: 1 }),
  run: Stage.late(
    () => import("../src/model/train/lm-stage.ts"),
    (module) => module.lmStage
  )
})
