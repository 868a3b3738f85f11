/**
 * Products with sparse codes. Without operations or shaders of our own they are dense where the codes are not sparse: at the start of a
 * run with an L1 penalty half of all latents may fire, and then a dense product is the faster one. Values are the same up to
 * the order of sums.
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  disposeGradient,
  type LatentGradient,
  type MatrixGradient,
  toMatrix
} from "../../tensor/kernels/latent-gradient.ts"
import { compiledOpsLoaded } from "../../tensor/tensorflow/compiled-ops.ts"
import { activeDots, decode } from "../../tensor/kernels/sparse-kernels.ts"
import { type SparsePattern, withValue } from "../../tensor/kernels/sparse-pattern.ts"

/** With more than one entry in this number active, dense products win over sparse ones of the engine. */
const denseRatio = 12

const isDense = (pattern: SparsePattern): boolean =>
  !compiledOpsLoaded() &&
  tf.getBackend() !== "webgpu" &&
  pattern.rows * pattern.latents < denseRatio * pattern.latent.length

/** [rows, latents] */
const matrixOf = (pattern: SparsePattern, value: Float32Array): tf.Tensor2D => {
  const { rows, latents, row, latent } = pattern
  const dense = new Float32Array(rows * latents)
  for (let i = 0; i < latent.length; i++)
    dense[(row[i] as number) * latents + (latent[i] as number)] = value[i] as number
  return tf.tensor2d(dense, [rows, latents])
}

/** Codes [rows, latents] with these values times weights [latents, d]. */
export const decodePairs = (pattern: SparsePattern, value: Float32Array, weights: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() =>
    isDense(pattern)
      ? tf.matMul(matrixOf(pattern, value), weights)
      : decode(withValue(pattern, tf.tensor1d(value, "float32")), weights)
  )

/** For every pair the dot product of weights[latent] and x[row], on the host. */
export const pairDots = (pattern: SparsePattern, weights: tf.Tensor2D, x: tf.Tensor2D): Float32Array => {
  const { latents, row, latent } = pattern
  if (latent.length === 0) return new Float32Array(0)
  if (!isDense(pattern)) {
    const dots = activeDots(pattern, weights, x)
    const values = dots.dataSync<"float32">()
    dots.dispose()
    return values
  }
  const product = tf.matMul(x, weights, false, true)
  const all = product.dataSync<"float32">()
  product.dispose()
  const dots = new Float32Array(latent.length)
  for (let i = 0; i < dots.length; i++) dots[i] = all[(row[i] as number) * latents + (latent[i] as number)] as number
  return dots
}

/** The gradient as it is, or as a matrix where its pairs are not sparse; takes over what it owns. */
export const sparseOrMatrix = (gradient: LatentGradient, weights: tf.Tensor2D): MatrixGradient => {
  if (!isDense(gradient.pattern)) return gradient
  const matrix = toMatrix(gradient, weights, ({ pattern, value, x }) =>
    tf.matMul(matrixOf(pattern, value), x, true, false)
  )
  disposeGradient(gradient)
  return matrix
}

/** For every latent the sum of its pairs' values: [latents], in f64 and rounded once. */
export const pairSums = (pattern: SparsePattern, value: ArrayLike<number>): Float32Array<ArrayBuffer> => {
  const sums = new Float64Array(pattern.latents)
  for (let i = 0; i < value.length; i++) {
    const j = pattern.latent[i] as number
    sums[j] = (sums[j] as number) + (value[i] as number)
  }
  return new Float32Array(sums)
}
