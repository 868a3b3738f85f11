/** Training curves as TensorBoard reads them. */
import { Files } from "../src/kinds/files.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("export-curves", {
  summary:
    "Writes the training curves of SAEs as TensorBoard event files, a run each: loss, explained variance, l0, dead.",
  inputs: { saes: Stage.list(Sae, "trained SAEs, such as `stages.sae[*]`") },
  params: {},
  output: Files,
  metrics: {
    runs: { better: "neither", tolerance: 0, description: "curves written" },
    points: { better: "neither", tolerance: 0, description: "logged steps, of all curves" }
  },
  engine: false,
  isolation: "process",
  run: Stage.late(
    () => import("../src/sae/stages/export-curves-stage.ts"),
    (module) => module.exportCurves
  )
})
