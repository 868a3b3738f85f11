/**
 * The artifact kind LanguageModel: a Hugging Face folder (config.json, tokenizer.json, model.safetensors or its
 * shards, or model.gguf). The handle gives verified bytes; `src/model` turns them into something that runs.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import { makeKind } from "../../artifact/artifact-kind.ts"
import type { WeightTensors } from "../../format/weight-tensors.ts"

export interface ChatTemplate {
  /** Jinja, as transformers has it. */
  readonly template: string
  /** `bos_token`, `eos_token`, ...: what the template calls by these names. */
  readonly tokens: Readonly<Record<string, string>>
}

export interface LanguageModelHandle {
  /** Digest of the artifact. */
  readonly digest: string
  /** config.json, parsed. */
  readonly config: Readonly<Record<string, unknown>>
  /** Text of tokenizer.json. */
  readonly tokenizer: Effect.Effect<string, ArtifactError>
  /** sha256 of tokenizer.json, as `TokensInfo.tokenizer` states it. */
  readonly tokenizerDigest: string
  /** How conversations read; undefined where the model does not say. */
  readonly chatTemplate?: Effect.Effect<ChatTemplate | undefined, ArtifactError>
  /** All weights under one roof, shards included; tensors are read one by one. */
  readonly weights: Effect.Effect<WeightTensors, ArtifactError, Scope.Scope>
}

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
