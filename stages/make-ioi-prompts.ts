/** Pairs of prompts whose indirect objects are exchanged, in words that are one token of a model. */
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { PromptPairs } from "../src/kinds/prompt-pairs.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("make-ioi-prompts", {
  summary: "Writes pairs of prompts that differ in who gives, so that their indirect objects are exchanged",
  inputs: { model: Stage.one(LanguageModel, "the model that they are for: names and words are one token each") },
  params: {
    pairs: Param.integer({ default: 64, minimum: 2, unit: "pairs", description: "pairs of prompts" }),
    seed: Param.integer({ default: 1, description: "of the names and words" })
  },
  output: PromptPairs,
  metrics: {
    pairs: { better: "neither", tolerance: 0, description: "pairs" },
    tokens: { better: "neither", tolerance: 0, description: "tokens of each prompt, without a BOS" },
    names: { better: "neither", tolerance: 0, description: "names that are one token" }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/text/ioi/ioi-prompts-stage.ts"),
    (module) => module.ioiPromptsStage
  )
})
