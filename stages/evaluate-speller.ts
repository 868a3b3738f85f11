/** Measures a language model as tiny-speller is measured: first letters, letter probe, held-out text against bigrams. */
import { Files } from "../src/kinds/files.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overWords = "the words"

export default Stage.make("evaluate-speller", {
  summary: "Measures how well a model knows first letters and text: prompts, a linear probe, a bigram baseline",
  sources: {
    text: { of: "text", default: "builtin:speller-text", description: "the corpus that the model was trained on" }
  },
  inputs: { model: Stage.one(LanguageModel, "a model that train-lm made from that corpus") },
  params: {
    hook: Param.string({
      default: "blocks.1.hook_resid_post",
      description: "where the probe reads the word: a hook of the residual stream"
    }),
    examples: Param.integer({ default: 10, minimum: 1, unit: "lines", description: "examples in a prompt" }),
    seed: Param.integer({ default: 0, description: "seed of the examples and of the probe's split of the words" })
  },
  output: Files,
  metrics: {
    first_letter_accuracy: {
      interval: overWords,
      better: "higher",
      tolerance: 0.01,
      description: "over the drilled words"
    },
    first_letter_words: { better: "neither", tolerance: 0, description: "drilled words that are one token" },
    spelled_accuracy: {
      interval: overWords,
      better: "higher",
      tolerance: 0.03,
      description: "over words that were only spelled out"
    },
    unseen_accuracy: {
      interval: overWords,
      better: "neither",
      tolerance: 0.05,
      description: "over words that were in no drill"
    },
    probe_accuracy: {
      interval: "the held-out words",
      better: "higher",
      tolerance: 0.02,
      description: "26-way logistic probe, held-out fifth of the words"
    },
    probe_letters: { better: "higher", tolerance: 2, description: "letters with F1 above 0.8 there" },
    letter_share: { better: "neither", tolerance: 0.03, description: "share of the words' variance between letters" },
    held_out_text_loss: {
      interval: "the held-out texts",
      better: "lower",
      tolerance: 0.02,
      description: "nats a token"
    },
    bigram_loss: { better: "neither", tolerance: 0.001, description: "of a Kneser-Ney bigram on the same tokens" },
    held_out_tokens: { better: "neither", tolerance: 0, description: "tokens of the two losses" }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/model/evaluate/speller-stage.ts"),
    (module) => module.spellerStage
  )
})
