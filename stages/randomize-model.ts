/** The control of a model that an experiment trained: as large, and it has learnt nothing. */
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("randomize-model", {
  summary: "Draws every weight of a model anew, normal, with its tensor's own mean and standard deviation (2501.17727)",
  inputs: { model: Stage.one(LanguageModel, "the model; one from outside has load-model's randomize") },
  params: { seed: Param.integer({ default: 0, description: "of the weights" }) },
  output: LanguageModel,
  metrics: {
    layers: { better: "neither", tolerance: 0, description: "blocks" },
    d_model: { better: "neither", tolerance: 0, description: "width of the residual stream" }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/model/randomize-stage.ts"),
    (module) => module.randomizeStage
  )
})
