/**
 * The sparse kernels of a sparse autoencoder, one port with four implementations: operations of our own where they are
 * compiled, TensorFlow's own sparse operations, shaders for webgpu, and typed arrays for every other engine. The active engine
 * decides. All are exact, deterministic to the bit for one engine and thread count, and allocate only what they return: call them
 * inside `tf.tidy`, or dispose the results. Subnormal numbers (below 1.2e-38) may count as zero.
 *
 * Weights are latent-major, [d_sae, d]: `W_dec` as it is, `W_enc` transposed (`tf.matMul(x, W, false, true)` encodes).
 */
import * as tf from "@tensorflow/tfjs-core"
import { compiledKernels } from "./compiled-kernels.ts"
import { compiledOpsLoaded } from "../tensorflow/compiled-ops.ts"
import { portableKernels } from "./portable-kernels.ts"
import type { SparseCodes, SparsePattern } from "./sparse-pattern.ts"
import { tensorflowKernels } from "./tensorflow-kernels.ts"
import { webgpuKernels } from "./webgpu-kernels.ts"

export interface SparseKernels {
  readonly topKRows: (pre: tf.Tensor2D, k: number) => SparseCodes
  readonly topKBatch: (pre: tf.Tensor2D, count: number) => SparseCodes
  readonly aboveThreshold: (pre: tf.Tensor2D, threshold: number | tf.Tensor1D) => SparseCodes
  readonly decode: (codes: SparseCodes, weights: tf.Tensor2D) => tf.Tensor2D
  readonly activeDots: (pattern: SparsePattern, weights: tf.Tensor2D, x: tf.Tensor2D) => tf.Tensor1D
  readonly scatterToLatents: (pattern: SparsePattern, value: tf.Tensor1D, x: tf.Tensor2D) => tf.Tensor2D
}

const kernels = (): SparseKernels => {
  const engine = tf.getBackend()
  if (engine === "webgpu") return webgpuKernels
  return engine !== "tensorflow" ? portableKernels : compiledOpsLoaded() ? compiledKernels : tensorflowKernels
}

const check = (holds: boolean, message: () => string): void => {
  if (!holds) throw new RangeError(message())
}

const shapeOf = (tensor: tf.Tensor): string => `[${tensor.shape.join(", ")}]`

const checkWeights = (kernel: string, pattern: SparsePattern, weights: tf.Tensor2D): void =>
  check(weights.rank === 2 && weights.shape[0] === pattern.latents, () => {
    return `${kernel}: weights must be [${pattern.latents}, d], got ${shapeOf(weights)}`
  })

const checkRows = (kernel: string, pattern: SparsePattern, x: tf.Tensor2D): void =>
  check(x.rank === 2 && x.shape[0] === pattern.rows, () => {
    return `${kernel}: x must be [${pattern.rows}, d], got ${shapeOf(x)}`
  })

const checkValues = (kernel: string, pattern: SparsePattern, value: tf.Tensor1D): void =>
  check(value.rank === 1 && value.size === pattern.latent.length, () => {
    return `${kernel}: value must be [${pattern.latent.length}], got ${shapeOf(value)}`
  })

const checkCount = (kernel: string, count: number, most: number): void =>
  check(Number.isInteger(count) && count >= 1 && count <= most, () => {
    return `${kernel}: expected an integer from 1 to ${most}, got ${count}`
  })

/**
 * The k largest entries of every row of `pre` (f32 [B, M], no NaN); equal entries: the lower latent first. n = B * k. Values
 * are as in `pre`, negative ones included. Throws RangeError unless 1 <= k <= M. Where `pre` is a product that nothing else
 * needs, use `selectPairs`. TopK: Gao et al. 2024 (arXiv 2406.04093), section 2.3.
 */
export const topKRows = (pre: tf.Tensor2D, k: number): SparseCodes => {
  checkCount("topKRows k", k, pre.shape[1])
  return kernels().topKRows(pre, k)
}

/**
 * The `count` largest entries of the whole matrix `pre` (no NaN); equal entries: the lower row, then the lower latent. n =
 * count, with rows of any length. Throws RangeError unless 1 <= count <= B * M.
 * BatchTopK with count = B * k: Bussmann et al. 2024 (arXiv 2412.06410), section 3.
 */
export const topKBatch = (pre: tf.Tensor2D, count: number): SparseCodes => {
  checkCount("topKBatch count", count, pre.size)
  return kernels().topKBatch(pre, count)
}

/**
 * The entries of `pre` (f32 [B, M]) that are greater than the threshold: one number, or f32 [M] with one per latent
 * (JumpReLU). A NaN is never above anything. 0 gives the ReLU's active latents.
 */
export const aboveThreshold = (pre: tf.Tensor2D, threshold: number | tf.Tensor1D): SparseCodes => {
  check(typeof threshold === "number" || (threshold.rank === 1 && threshold.size === pre.shape[1]), () => {
    return `aboveThreshold: threshold must be a number or [${pre.shape[1]}], got ${shapeOf(threshold as tf.Tensor)}`
  })
  return kernels().aboveThreshold(pre, threshold)
}

/** codes [B, M] times weights [M, d]: f32 [B, d], rows without active latents zero. */
export const decode = (codes: SparseCodes, weights: tf.Tensor2D): tf.Tensor2D => {
  checkWeights("decode", codes, weights)
  checkValues("decode", codes, codes.value)
  return kernels().decode(codes, weights)
}

/**
 * For every pair the dot product of weights[latent] and x[row]: f32 [n], in the pattern's order. With W_dec and the
 * gradient of the reconstruction this is the gradient of the active values.
 */
export const activeDots = (pattern: SparsePattern, weights: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor1D => {
  checkWeights("activeDots", pattern, weights)
  checkRows("activeDots", pattern, x)
  check(
    weights.shape[1] === x.shape[1],
    () => `activeDots: weights ${shapeOf(weights)} and x ${shapeOf(x)} differ in d`
  )
  return kernels().activeDots(pattern, weights, x)
}

/**
 * Transposed product: for every latent the sum over its pairs of value * x[row], f32 [M, d]; latents without pairs are
 * zero. With the codes' values and the gradient of the reconstruction: dW_dec; with the gradient of the active values and
 * the input: dW_enc (latent-major).
 */
export const scatterToLatents = (pattern: SparsePattern, value: tf.Tensor1D, x: tf.Tensor2D): tf.Tensor2D => {
  checkValues("scatterToLatents", pattern, value)
  checkRows("scatterToLatents", pattern, x)
  return kernels().scatterToLatents(pattern, value, x)
}

/** For every latent the sum of its pairs' values, f32 [M]: the gradient of b_enc. Summed in f64 on the host. */
export const sumByLatent = (pattern: SparsePattern, value: tf.Tensor1D): tf.Tensor1D => {
  checkValues("sumByLatent", pattern, value)
  const values = value.dataSync<"float32">()
  const sums = new Float64Array(pattern.latents)
  for (let i = 0; i < values.length; i++) {
    const j = pattern.latent[i]!
    sums[j] = sums[j]! + values[i]!
  }
  return tf.tensor1d(Float32Array.from(sums))
}
