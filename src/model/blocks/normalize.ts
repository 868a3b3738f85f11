/** The normalisation that a model's description names. */
import type * as tf from "@tensorflow/tfjs-core"
import type { NormDescription } from "../decoder/architecture.ts"
import type { NormWeights } from "./weights.ts"
import { layerNorm } from "./layer-norm.ts"
import { rmsNorm } from "./rms-norm.ts"

export const normalize = (x: tf.Tensor, weights: NormWeights, { kind, epsilon }: NormDescription): tf.Tensor =>
  kind === "rms" ? rmsNorm(x, weights, epsilon) : layerNorm(x, weights, epsilon)
