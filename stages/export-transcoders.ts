/** Transcoders of all MLPs of a model as circuit-tracer loads them. */
import { Files } from "../src/kinds/files.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("export-transcoders", {
  summary:
    "Writes transcoders of all MLPs as the folder that circuit-tracer loads: layer_N.safetensors and config.yaml",
  inputs: { transcoders: Stage.list(Sae, "one transcoder for each layer, all of one width") },
  params: {
    model_name: Param.string({ description: "name of the model, as TransformerLens or the Hugging Face hub has it" }),
    fold: Param.boolean({
      default: false,
      description: "fold b_dec and decoder norms into the encoder where the format needs it (equal up to rounding)"
    })
  },
  output: Files,
  metrics: {},
  engine: false,
  isolation: "process",
  run: Stage.late(
    () => import("../src/sae/dictionaries/export-transcoders-stage.ts"),
    (module) => module.exportTranscodersStage
  )
})
