/** An SAE in the format of another library. */
import * as Effect from "effect/Effect"
import { Files } from "../src/kinds/files.ts"
import { writableNames } from "../src/kinds/sae/formats.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("export-sae", {
  summary:
    "Writes an SAE as Gemma Scope, dictionary_learning, sparsify, OpenAI or SAELens do; refused where it would lose",
  inputs: { sae: Stage.one(Sae, "the SAE to write") },
  params: {
    format: Param.choice(writableNames, {
      description: "the format to write"
    }),
    fold: Param.boolean({
      default: false,
      description: "fold b_dec and decoder norms into the encoder where the format needs it (equal up to rounding)"
    })
  },
  output: Files,
  metrics: {},
  engine: false,
  isolation: "process",
  run: ({ inputs, params, output, log }) =>
    Effect.gen(function* () {
      const { convertSae } = yield* Effect.promise(() => import("../src/kinds/sae/convert-sae.ts"))
      const converted = convertSae(yield* inputs.sae.value.stored, params.format, { fold: params.fold })
      if (typeof converted === "string") {
        return yield* stageFailed(`it cannot be written as ${params.format}: ${converted}`, "Choose another format.")
      }
      if (converted.dropped.length > 0) log(`${params.format} has no place for ${converted.dropped.join(", ")}`)
      for (const [name, bytes] of converted.files) yield* output.write(name, bytes)
      return { files: converted.files.size }
    })
})
