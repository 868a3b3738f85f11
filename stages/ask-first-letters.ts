/** What a model answers for first letters, and carries at each word: what absorption of every SAE of a hook is measured on. */
import { FirstLetterAnswers } from "../src/kinds/first-letter-answers/first-letter-answers.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("ask-first-letters", {
  summary: "Asks a model for the first letters of words, and keeps what it carries at each word at a hook",
  inputs: { model: Stage.one(LanguageModel, "the language model") },
  params: {
    hook: Param.string({ description: "where SAEs will read: a hook of one vector a token" }),
    words_per_letter: Param.integer({
      default: 50,
      minimum: 5,
      description: "words at most of each letter, the most frequent first",
      unit: "words"
    }),
    icl_examples: Param.integer({ default: 10, minimum: 1, description: "lines of examples in each prompt" }),
    seed: Param.integer({ default: 0, description: "seed of the prompts' examples" })
  },
  output: FirstLetterAnswers,
  metrics: {
    words: { better: "higher", tolerance: 0, description: "words that the model was asked about" },
    accuracy: {
      interval: "the words",
      better: "higher",
      tolerance: 0.005,
      description: "share of the words whose first letter it names"
    },
    word_effect: {
      better: "neither",
      tolerance: 0.05,
      description:
        "change of the right letter's margin, in logits, when the word's activation becomes the mean over words"
    }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/absorption/answers-stage.ts"),
    (module) => module.answersStage
  )
})
