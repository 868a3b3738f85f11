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

/**
 * The same with what rows are divided by, [..., 1], looked at on the way, or replaced.
 *
 * @param visit gives what the division goes on with
 */
export const normalizeBy = (
  x: tf.Tensor,
  weights: NormWeights,
  norm: NormDescription,
  visit: (scale: tf.Tensor) => tf.Tensor
): tf.Tensor => {
  const centred = norm.kind === "rms" ? x : tf.sub(x, tf.mean(x, -1, true))
  const own = tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), norm.epsilon))
  const scale = visit(own)
  // Who only looks changes nothing, not even a rounding.
  if (scale === own) return normalize(x, weights, norm)
  const scaled = tf.mul(tf.div(centred, scale), weights.weight)
  return weights.bias === undefined ? scaled : tf.add(scaled, weights.bias)
}
