/** What sparse probes tell over the layers of a model, and by how many features they read. */
import { Figures } from "../src/kinds/figures.ts"
import { Probing } from "../src/kinds/probing.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const f1 = { interval: "test documents", better: "neither", tolerance: 0.02 } as const

export default Stage.make("compare-probes", {
  summary: "Draws what sparse probes tell over a model's layers, task by task, beside those of a control",
  inputs: {
    probings: Stage.list(Probing, "probes of the same tasks, one of each layer"),
    controls: Stage.optionalList(Probing, "the same of a control, such as a randomised model, at any of these layers")
  },
  params: {
    of: Param.choice(["basis", "latents"], {
      default: "basis",
      description: "whose probes: the activation's own numbers (neurons, the residual stream), or latents"
    })
  },
  output: Figures,
  metrics: {
    best_layer: { better: "neither", tolerance: 2, description: "block whose one feature tells most, mean over tasks" },
    best_f1: { ...f1, description: "F1 there, of as few features as the probes have; chosen on the same documents" },
    most_f1: { ...f1, description: "F1 there of as many features as they have" },
    first_f1: { ...f1, description: "F1 of the fewest features at the first block" },
    shuffled_f1: {
      ...f1,
      description:
        "control: best_f1 with labels shuffled; a half at most, less where the probe seldom says yes, or seldom no"
    },
    control_f1: { ...f1, optional: true, description: "best_f1 of the control at that block" },
    control_most_f1: { ...f1, optional: true, description: "most_f1 of the control at that block" },
    layers: { better: "neither", tolerance: 0, description: "blocks" }
  },
  headline: ["best_layer", "best_f1", "control_f1"],
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/analysis/probing/compare-probes-stage.ts"),
    (module) => module.compareProbesStage
  )
})
