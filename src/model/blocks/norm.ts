/** Normalisation over the last axis. */
import * as tf from "@tensorflow/tfjs-core"
import { modelKernelsApply, normalizeRows } from "../../tensor/kernels/model-kernels.ts"
import type { NormWeights } from "./weights.ts"

export interface NormDescription {
  /** `layer` subtracts the mean first, `rms` does not. */
  readonly kind: "layer" | "rms"
  readonly epsilon: number
}

/** Ba et al. 2016: (x - mean) / sqrt(variance + epsilon) * weight + bias. */
export const layerNorm = (x: tf.Tensor, { weight, bias }: NormWeights, epsilon: number): tf.Tensor => {
  if (modelKernelsApply()) return normalizeRows(x, weight, bias, { epsilon, centre: true })
  const centred = tf.sub(x, tf.mean(x, -1, true))
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon))
  const scaled = tf.mul(tf.mul(centred, scale), weight)
  return bias === undefined ? scaled : tf.add(scaled, bias)
}

/** Zhang & Sennrich 2019: x / sqrt(mean x^2 + epsilon) * weight. */
export const rmsNorm = (x: tf.Tensor, { weight }: NormWeights, epsilon: number): tf.Tensor =>
  modelKernelsApply()
    ? normalizeRows(x, weight, undefined, { epsilon, centre: false })
    : tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon))), weight)

/** The one that a model's description names. */
export const normalize = (x: tf.Tensor, weights: NormWeights, { kind, epsilon }: NormDescription): tf.Tensor =>
  kind === "rms" ? rmsNorm(x, weights, epsilon) : layerNorm(x, weights, epsilon)
