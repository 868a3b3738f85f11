/** An SAE of another library, brought into the store. */
import { formatNames } from "../src/kinds/sae/format-names.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("import-sae", {
  summary:
    "Brings an SAE of another library into the store: SAELens, Gemma Scope, dictionary_learning, sparsify, OpenAI and others",
  sources: {
    source: {
      of: "sae",
      description:
        "file:DIR with the files that the library wrote, file:FILE where it is one, or hf:org/name@revision/FOLDER"
    }
  },
  inputs: {},
  params: {
    format: Param.choice(["auto", ...formatNames], {
      default: "auto",
      description: "the format of the files; auto: told by the files"
    }),
    hook: Param.string({
      default: null,
      description: "the hook that it was trained at; null: what its files say, where they say it"
    }),
    k: Param.integer({
      default: null,
      minimum: 1,
      description: "latents per row, for files that leave it to the name of their repository (Qwen Scope)"
    })
  },
  output: Sae,
  metrics: {
    d_in: { better: "neither", tolerance: 0, description: "numbers of a row" },
    d_sae: { better: "neither", tolerance: 0, description: "latents" }
  },
  engine: false,
  isolation: "process",
  run: Stage.late(
    () => import("../src/sae/dictionaries/import-stage.ts"),
    (module) => module.importStage
  )
})
