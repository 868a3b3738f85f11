/** What is read of a LanguageModel artifact. */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
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
