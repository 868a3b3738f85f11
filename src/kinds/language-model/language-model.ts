/**
 * The artifact kind LanguageModel: a Hugging Face folder (config.json, tokenizer.json, model.safetensors or its
 * shards, or model.gguf). The handle gives verified bytes; `src/model` turns them into something that runs.
 */
import * as Effect from "effect/Effect"
import { makeKind } from "../../artifact/artifact-kind.ts"

export const LanguageModel = makeKind({
  name: "LanguageModel",
  version: 1,
  description: "a language model in the Hugging Face layout",
  open: (artifact) =>
    Effect.flatMap(
      Effect.promise(() => import("./read-language-model.ts")),
      (module) => module.readLanguageModel(artifact)
    )
})
