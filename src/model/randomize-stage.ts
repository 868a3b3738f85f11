/** The stage randomize-model. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import type { Opened } from "../stage/input.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { modelInfo } from "./load-model.ts"
import { writeRandomWeights } from "./randomize-weights.ts"
import { stageFailed } from "../stage/stage-failed.ts"

export const randomizeStage = Effect.fn("randomizeStage")(function* ({
  inputs,
  params,
  output
}: StageContext<{ readonly seed: number }, unknown, { readonly model: Opened<LanguageModelHandle> }>) {
  const { config, tokenizer, weights } = inputs.model.value
  const info = yield* Effect.mapError(modelInfo(config), (error) => stageFailed(error.message))
  yield* writeRandomWeights(output, yield* weights, params.seed)
  yield* output.writeJson("config.json", config)
  yield* output.write("tokenizer.json", yield* tokenizer)
  return { layers: info.n_layers, d_model: info.d_model }
}, Effect.scoped)
