/**
 * An architecture: how a Hugging Face config.json and the tensors of a checkpoint become the description and the weights
 * that the shared forward pass runs on. One file in `architectures/` each.
 */
import type * as Effect from "effect/Effect"
import type * as tf from "@tensorflow/tfjs-core"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { ActivationFunction } from "./blocks/activation-function.ts"
import type { ModelError } from "./model-error.ts"
import type { ModelInfo } from "./model-info.ts"
import type { ModelWeights } from "./weights.ts"

export interface ModelDescription {
  readonly info: ModelInfo
  readonly normEpsilon: number
  readonly activation: ActivationFunction
  /** What the attention scores of a block are multiplied with. */
  readonly scoreScale: (layer: number) => number
}

/** Gives a parameter as a tensor and checks its shape. `transpose` turns PyTorch's [out, in] into [in, out]. */
export interface ParameterReader {
  readonly has: (name: string) => boolean
  readonly read: <R extends tf.Rank>(
    name: string,
    shape: tf.ShapeMap[R]
  ) => Effect.Effect<tf.Tensor<R>, ModelError | ArtifactError>
}

export interface Architecture {
  /** `model_type` of config.json. */
  readonly name: string
  readonly describe: (config: Readonly<Record<string, unknown>>) => Effect.Effect<ModelDescription, ModelError>
  readonly weights: (
    description: ModelDescription,
    reader: ParameterReader
  ) => Effect.Effect<ModelWeights, ModelError | ArtifactError>
}
