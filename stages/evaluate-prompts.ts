/** Whether a model does a task, by pairs of prompts that it has to answer differently. */
import { Files } from "../src/kinds/files.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { PromptPairs } from "../src/kinds/prompt-pairs.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overPairs = "the pairs of prompts"

export default Stage.make("evaluate-prompts", {
  summary: "Measures whether a model prefers the right answer of prompts, beside the answers of other prompts",
  inputs: {
    model: Stage.one(LanguageModel, "the model"),
    prompts: Stage.one(PromptPairs, "pairs of prompts")
  },
  params: { seed: Param.integer({ default: 0, description: "of the intervals" }) },
  output: Files,
  metrics: {
    accuracy: {
      interval: overPairs,
      better: "higher",
      tolerance: 0.05,
      description: "share of the prompts, clean and corrupted, whose own answer it prefers to the other's"
    },
    logit_difference: {
      interval: overPairs,
      better: "higher",
      tolerance: 0.5,
      description: "clean answer less corrupted one, after clean prompts"
    },
    control_difference: {
      interval: overPairs,
      better: "neither",
      tolerance: 0.5,
      description: "the same answers after the next pair's clean prompts: the control, near 0"
    }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/patching/prompts-stage.ts"),
    (module) => module.promptsStage
  )
})
