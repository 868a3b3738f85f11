/** Layer normalisation over the last axis (Ba et al. 2016): (x - mean) / sqrt(variance + epsilon) * weight + bias. */
import * as tf from "@tensorflow/tfjs-core"
import { modelKernelsApply, normalizeRows } from "../../tensor/kernels/model-kernels.ts"
import type { NormWeights } from "./weights.ts"

export const layerNorm = (x: tf.Tensor, { weight, bias }: NormWeights, epsilon: number): tf.Tensor => {
  if (modelKernelsApply()) return normalizeRows(x, weight, bias, { epsilon, centre: true })
  const centred = tf.sub(x, tf.mean(x, -1, true))
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon))
  const scaled = tf.mul(tf.mul(centred, scale), weight)
  return bias === undefined ? scaled : tf.add(scaled, bias)
}
