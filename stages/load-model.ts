/** A language model from outside: the embedded one, a local Hugging Face folder or a GGUF file. */
import * as Effect from "effect/Effect"
import { LanguageModel } from "../src/artifact/language-model.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("load-model", {
  summary:
    "Brings a language model into the store, checked: builtin:tiny-speller, a Hugging Face folder or a GGUF file",
  sources: {
    source: {
      of: "model",
      description:
        "builtin:tiny-speller, or file:DIR with config.json, tokenizer.json and model.safetensors (or one GGUF file)"
    }
  },
  inputs: {},
  params: {},
  output: LanguageModel,
  metrics: {
    layers: { better: "neither", tolerance: 0, description: "blocks" },
    d_model: { better: "neither", tolerance: 0, description: "width of the residual stream" },
    vocab_size: { better: "neither", tolerance: 0, description: "token ids" },
    parameters: { better: "neither", tolerance: 0, description: "numbers in the checkpoint" }
  },
  engine: false,
  isolation: "pool",
  run: ({ sources, output, log }) =>
    Effect.gen(function* () {
      const { importModel } = yield* Effect.promise(() => import("../src/model/import-model.ts"))
      const { info, parameters } = yield* importModel(sources.source, output)
      log(`${info.architecture}, ${info.layers} layers of width ${info.dModel}, ${parameters} parameters`)
      return { layers: info.layers, d_model: info.dModel, vocab_size: info.vocabulary, parameters }
    })
})
