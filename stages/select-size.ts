/** Which size of dictionary for which task. */
import { Absorption } from "../src/kinds/absorption.ts"
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { Interpretations } from "../src/kinds/interpretations.ts"
import { Probing } from "../src/kinds/probing.ts"
import { SizeSelection } from "../src/kinds/size-selection.ts"
import { Stitching } from "../src/kinds/stitching.ts"
import * as Stage from "../src/stage/stage.ts"

const best = (task: string) =>
  ({
    optional: true,
    better: "neither",
    tolerance: 0,
    description: `latents of the size that is best at ${task}, where by more than the noise`
  }) as const

export default Stage.make("select-size", {
  summary: "Tells which size of SAE is best at which task, and whether by more than the noise",
  inputs: {
    evaluations: Stage.parts(Evaluation, "evaluations of SAEs that differ in width and seed alone"),
    probing: Stage.parts(Probing, "their sparse probes"),
    absorption: Stage.parts(Absorption, "their absorption"),
    interpretations: Stage.parts(Interpretations, "explanations of their latents"),
    stitching: Stage.parts(Stitching, "stitchings of two of them")
  },
  params: {},
  output: SizeSelection,
  metrics: {
    decided: { better: "higher", tolerance: 1, description: "tasks of which one size is best by more than the noise" },
    tasks: { better: "higher", tolerance: 0, description: "tasks that were measured on two sizes" },
    best_reconstruction: best("reconstruction"),
    best_loss: best("keeping the model's loss"),
    best_probing: best("telling words apart with one latent"),
    best_absorption: best("absorbing little"),
    best_interpretation: best("being explained")
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/analysis/size-selection/select-size-stage.ts"),
    (module) => module.selectSizeStage
  )
})
