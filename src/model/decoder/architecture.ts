/**
 * An architecture: how a Hugging Face config.json becomes the description that the shared forward pass runs on, and where
 * the parameters stand in a checkpoint. One file in `architectures/` each.
 */
import type * as Effect from "effect/Effect"
import type { ActivationFunction } from "../blocks/activation-function.ts"
import type { NormDescription } from "../blocks/norm.ts"
import type { Rotary } from "../blocks/rotary.ts"
import type { ModelError } from "./model-error.ts"
import type { ModelInfo } from "./model-info.ts"
import type { ModelParameters } from "../blocks/weights.ts"

export interface AttentionDescription {
  /** What scores are multiplied with. */
  readonly scoreScale: number
  /** Positions that a query sees, itself among them; undefined: all before it. */
  readonly window: number | undefined
  /** How queries and keys are turned by their position; undefined: not at all. */
  readonly rotary: Rotary | undefined
}

export interface ModelDescription {
  readonly info: ModelInfo
  readonly norm: NormDescription
  readonly activation: ActivationFunction
  /** What embeddings are multiplied with. */
  readonly embeddingScale: number
  /** By block. */
  readonly attention: ReadonlyArray<AttentionDescription>
  /** Scores x become cap * tanh(x / cap). */
  readonly scoreCap: number | undefined
  /** The same for logits. */
  readonly logitCap: number | undefined
  /**
   * Where the parameters stand. `has` tells which tensors there are: checkpoints of one architecture differ in the prefix
   * of their names.
   */
  readonly parameters: (has: (name: string) => boolean) => ModelParameters
}

export type ModelConfig = Readonly<Record<string, unknown>>

export interface Architecture {
  /** `model_type` of config.json. */
  readonly name: string
  readonly describe: (config: ModelConfig) => Effect.Effect<ModelDescription, ModelError>
}
