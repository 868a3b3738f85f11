/** Layer normalisation over the last axis of [n, d], with its gradient (Ba et al. 2016). */
import * as tf from "@tensorflow/tfjs-core"

export interface LayerNormTrace {
  /** Normalised input before scale and shift, [n, d]. */
  readonly xhat: tf.Tensor2D
  /** 1 / standard deviation, [n, 1]. */
  readonly rstd: tf.Tensor2D
}

export const layerNormForward = (
  x: tf.Tensor2D,
  weight: tf.Tensor1D,
  bias: tf.Tensor1D,
  epsilon: number
): { readonly y: tf.Tensor2D; readonly trace: LayerNormTrace } => {
  const centred = tf.sub(x, tf.mean(x, 1, true)) as tf.Tensor2D
  const variance = tf.mean(tf.square(centred), 1, true)
  const rstd = tf.rsqrt(tf.add(variance, epsilon)) as tf.Tensor2D
  const xhat = tf.mul(centred, rstd) as tf.Tensor2D
  return { y: tf.add(tf.mul(xhat, weight), bias) as tf.Tensor2D, trace: { xhat, rstd } }
}

export const layerNormBackward = (
  dy: tf.Tensor2D,
  trace: LayerNormTrace,
  weight: tf.Tensor1D
): { readonly dx: tf.Tensor2D; readonly dWeight: tf.Tensor1D; readonly dBias: tf.Tensor1D } => {
  const { xhat, rstd } = trace
  const dyXhat = tf.mul(dy, xhat) as tf.Tensor2D
  const g = tf.mul(dy, weight)
  const meanG = tf.mean(g, 1, true)
  const meanGx = tf.mean(tf.mul(g, xhat), 1, true)
  const dx = tf.mul(tf.sub(tf.sub(g, meanG), tf.mul(xhat, meanGx)), rstd) as tf.Tensor2D
  return { dx, dWeight: tf.sum(dyXhat, 0) as tf.Tensor1D, dBias: tf.sum(dy, 0) as tf.Tensor1D }
}
