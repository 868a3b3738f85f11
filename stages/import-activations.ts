/** Rows from any program as activations: of images, of games, of a model that ran elsewhere. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Files } from "../src/kinds/files.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("import-activations", {
  summary: "Takes a matrix that some program wrote, such as a command stage, as activations to train SAEs on",
  inputs: { files: Stage.one(Files, "files with a matrix [rows, d_in] of floats: .npy, or a tensor of .safetensors") },
  params: {
    file: Param.string({ description: "the file's name: rows.npy" }),
    tensor: Param.string({ default: null, description: "safetensors: the tensor's name; null: the only one" }),
    hook: Param.string({ default: "rows", description: "what the rows are of, where a hook's name would stand" }),
    held_out_fraction: Param.number({
      default: 0.1,
      minimum: 0.001,
      maximum: 0.9,
      description: "share of the rows held out, at random"
    }),
    seed: Param.integer({ default: 0, description: "chooses the rows that are held out" })
  },
  output: Activations,
  metrics: {
    rows: { better: "neither", tolerance: 0, description: "rows stored" },
    held_out_rows: { better: "neither", tolerance: 0, description: "rows held out" },
    d_in: { better: "neither", tolerance: 0, description: "numbers in a row" },
    mean_norm: { better: "neither", tolerance: 1e-3, description: "sqrt(mean |x|^2) over all rows" }
  },
  engine: false,
  isolation: "process",
  run: Stage.late(
    () => import("../src/activations/import-stage.ts"),
    (module) => module.importStage
  )
})
