/** An SAE in the format of another library. */
import { Files } from "../src/kinds/files.ts"
import { writableNames } from "../src/kinds/sae/format-names.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("export-sae", {
  summary:
    "Writes an SAE as Gemma Scope, dictionary_learning, sparsify, OpenAI or SAELens do; refused where it would lose",
  inputs: { sae: Stage.one(Sae, "the SAE to write") },
  params: {
    format: Param.choice(writableNames, {
      description: "the format to write"
    }),
    model_name: Param.string({
      default: null,
      description:
        "name of the model, as TransformerLens or the Hugging Face hub has it; null: the one that the SAE brings, if it does"
    }),
    fold: Param.boolean({
      default: false,
      description: "fold b_dec and decoder norms into the encoder where the format needs it (equal up to rounding)"
    }),
    model_card: Param.boolean({
      default: false,
      description: "with saelens: a README.md for the Hugging Face hub, of what the SAE is and what was measured"
    })
  },
  decode: ({ format, model_card }) =>
    Stage.decoded(
      undefined,
      model_card && format !== "saelens"
        ? [{ param: "model_card", problem: "the card says how SAELens loads it", remedy: "set format: saelens" }]
        : []
    ),
  output: Files,
  metrics: {},
  engine: false,
  isolation: "process",
  run: Stage.late(
    () => import("../src/sae/dictionaries/export-stage.ts"),
    (module) => module.exportStage
  )
})
