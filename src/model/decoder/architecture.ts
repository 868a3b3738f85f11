/**
 * An architecture: how a Hugging Face config.json becomes the description that the shared forward pass runs on, and where
 * the parameters stand in a checkpoint. One file in `architectures/` each, named after its `model_type`.
 */
import type * as Effect from "effect/Effect"
import type { NormDescription } from "../blocks/norm.ts"
import type { Checkpoint, Part } from "../blocks/part.ts"
import type { ModelParameters } from "../blocks/weights.ts"
import type { ModelError } from "./model-error.ts"
import type { ModelInfo } from "./model-info.ts"

export interface BlockDescription {
  /** Attention, or what stands in its place. */
  readonly attention: Part
  /** The MLP, or what stands in its place. */
  readonly mlp: Part
  /** What is added to the residual stream after the MLP (Gemma 4). */
  readonly after?: Part
}

export interface ModelDescription {
  readonly info: ModelInfo
  readonly norm: NormDescription
  /** What embeddings are multiplied with. */
  readonly embeddingScale: number
  /** What each part's contribution to the residual stream is multiplied with. */
  readonly residualScale: number
  /** What logits are multiplied with, before they are capped. */
  readonly logitScale: number
  /** Logits x become cap * tanh(x / cap). */
  readonly logitCap: number | undefined
  readonly blocks: ReadonlyArray<BlockDescription>
  /** The embedding's tensor, without what may stand before it. */
  readonly embedding: string
  /** What may stand before the names of tensors: checkpoints of one architecture differ in it. */
  readonly prefixes: ReadonlyArray<string>
  /** Whether checkpoints carry a tensor of a block, by its name there, that the model does not use. @default none */
  readonly needless?: (layer: number, name: string) => boolean
  /** Where the parameters of all that is neither a block's part nor the head stand. */
  readonly parameters: (checkpoint: Checkpoint) => Omit<ModelParameters, "unembedding">
  /** Whether config.json says that the unembedding is the embedding; the checkpoint may know better (`locate-head.ts`). */
  readonly tied: boolean
  /** Names that an unembedding of the model's own may have, in full. */
  readonly heads: ReadonlyArray<string>
  /** What people should know of how config.json is taken. */
  readonly warnings: ReadonlyArray<string>
}

export type ModelConfig = Readonly<Record<string, unknown>>

/** The default export of a file in `architectures/`; `model_type` is the file's name, with `_` for `-`. */
export interface ModelArchitecture {
  /**
   * Keys of config.json that the description follows from: whoever checks a configuration for unknown keys need not
   * know the architecture.
   */
  readonly reads: ReadonlyArray<string>
  readonly describe: (config: ModelConfig) => Effect.Effect<ModelDescription, ModelError>
}
