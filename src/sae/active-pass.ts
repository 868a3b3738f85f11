/**
 * The parts that architectures with thresholds of their own share: encode, choose the active pairs, reconstruct, and turn
 * gradients of the active values into gradients of the weights. Only active pairs are decoded and given gradients, exactly:
 * all other activations and their gradients are zero.
 */
import * as tf from "@tensorflow/tfjs-core"
import { aboveThreshold } from "../tensor/sparse-kernels.ts"
import type { SparsePattern } from "../tensor/sparse-pattern.ts"
import type { Batch, BatchLoss } from "./architecture.ts"
import { decodePairs, pairDots, pairScatter, pairSums } from "./code-products.ts"
import { reconstructionWeight } from "./training-options.ts"
import { rowNorms } from "./unit-rows.ts"

/** x, or x - b_dec: what the encoder multiplies. [rows, d_in] */
export const encoderInput = ({ x, b_dec, options }: Batch): tf.Tensor2D =>
  options.apply_b_dec_to_input ? tf.sub(x, b_dec) : tf.clone(x)

/** input W_enc + bias: [rows, d_sae]. */
export const preActivations = (input: tf.Tensor2D, W_enc: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D =>
  tf.tidy(() => tf.add(tf.matMul(input, W_enc, false, true), bias))

export interface ActivePairs {
  readonly pattern: SparsePattern
  /** z of every pair. */
  readonly z: Float32Array
}

/** Pairs whose z is above the limit of their latent. Disposes of `pre`. */
export const pairsAbove = (pre: tf.Tensor2D, limit: number | Float32Array): ActivePairs => {
  const perLatent = typeof limit === "number" ? limit : tf.tensor1d(limit)
  const codes = aboveThreshold(pre, perLatent)
  const z = codes.value.dataSync<"float32">()
  tf.dispose([codes.value, pre, ...(typeof perLatent === "number" ? [] : [perLatent])])
  return { pattern: codes, z }
}

export interface Reconstruction {
  readonly mse: number
  /** The loss's part of it. */
  readonly loss: number
  /** Gradient of that part by x_hat: [rows, d_in]. */
  readonly gradient: tf.Tensor2D
  /** And by the activation of every pair. */
  readonly dots: Float32Array
}

/** b_dec (and x W_skip^T) without what latents add, minus the target: [rows, d_out]. */
export const baseError = ({ x, target, b_dec, W_skip }: Batch): tf.Tensor2D =>
  tf.tidy(() => {
    const base = tf.sub(b_dec, target) as tf.Tensor2D
    return W_skip === undefined ? base : (tf.add(base, tf.matMul(x, W_skip, false, true)) as tf.Tensor2D)
  })

/** Of f on the pairs: the output is f W_dec + b_dec (+ x W_skip^T). */
export const reconstruct = (batch: Batch, pattern: SparsePattern, f: Float32Array): Reconstruction => {
  const { target, W_dec, options, variance } = batch
  const [rows, d_out] = target.shape
  const weight = reconstructionWeight(options, variance, d_out)
  const facts = { mse: 0 }
  const gradient = tf.tidy(() => {
    const error = tf.add(decodePairs(pattern, f, W_dec), baseError(batch)) as tf.Tensor2D
    facts.mse = (tf.sum(tf.square(error)).dataSync<"float32">()[0] as number) / rows
    return tf.mul(error, (2 * weight) / rows) as tf.Tensor2D
  })
  return { mse: facts.mse, loss: weight * facts.mse, gradient, dots: pairDots(pattern, W_dec, gradient) }
}

/** What a penalty weighs activations by: for every latent the sum over sources of its decoder row's norm there. */
export interface DecoderNorms {
  /** [d_sae] */
  readonly values: Float32Array
  /** The summands, one array a source. */
  readonly parts: ReadonlyArray<Float32Array>
}

/** Undefined where decoder rows have norm one and are not weighed. Crosscoders: Lindsey et al. 2024. */
export const decoderNorms = ({ W_dec, options, parts }: Batch): DecoderNorms | undefined => {
  if (options.decoder_norm === "unit") return undefined
  const d_sae = W_dec.shape[0]
  let start = 0
  const norms = parts.map((width) => {
    const slice = tf.slice2d(W_dec, [0, start], [d_sae, width])
    const tensor = rowNorms(slice)
    const values = tensor.dataSync<"float32">()
    tf.dispose([slice, tensor])
    start += width
    return values
  })
  const [first] = norms as [Float32Array]
  const values =
    norms.length === 1 ? first : first.map((_, j) => norms.reduce((sum, part) => sum + (part[j] as number), 0))
  return { values, parts: norms }
}

export interface PairGradients {
  readonly pattern: SparsePattern
  readonly f: Float32Array
  /** Gradient of z on the pairs. */
  readonly dz: Float32Array
  /** Gradient by the output; disposed of. */
  readonly gradient: tf.Tensor2D
  /** Gradient by the weight of each latent, [d_sae], where a penalty weighs by norms. */
  readonly norms?: { readonly of: DecoderNorms; readonly gradient: ArrayLike<number> } | undefined
  /** More gradient of z of some latents on all rows, [rows, latents], as `pre_act_coefficient` gives. */
  readonly dense?: { readonly latents: Int32Array; readonly dz: tf.Tensor2D } | undefined
}

/** Gradient of sum_j gradient_j sum_m |w_j^m| by W_dec: d|w|/dw = w / |w|. Call in a tidy. */
const normGradient = (
  W_dec: tf.Tensor2D,
  widths: ReadonlyArray<number>,
  norms: DecoderNorms,
  gradient: ArrayLike<number>
): tf.Tensor2D => {
  let start = 0
  const parts = norms.parts.map((values, m) => {
    const factor = Float32Array.from(values, (norm, j) => (norm > 0 ? (gradient[j] as number) / norm : 0))
    const width = widths[m] as number
    const slice = tf.slice2d(W_dec, [0, start], [W_dec.shape[0], width])
    start += width
    return tf.mul<tf.Tensor2D>(slice, tf.expandDims(tf.tensor1d(factor), 1))
  })
  return parts.length === 1 ? (parts[0] as tf.Tensor2D) : tf.concat2d(parts, 1)
}

/** Gradients of the parameters that every SAE has. `input` is disposed of. */
export const weightGradients = (
  batch: Batch,
  input: tf.Tensor2D,
  given: PairGradients
): Omit<BatchLoss["gradients"], "extras"> => {
  const { pattern, f, dz, gradient, norms, dense } = given
  const sums = pairSums(pattern, dz)
  return tf.tidy(() => {
    let W_enc = pairScatter(pattern, dz, input)
    let W_dec = pairScatter(pattern, f, gradient)
    let b_enc = tf.tensor1d(sums)
    if (norms !== undefined) {
      W_dec = tf.add(W_dec, normGradient(batch.W_dec, batch.parts, norms.of, norms.gradient))
    }
    if (dense !== undefined) {
      const at = tf.tensor2d(dense.latents, [dense.latents.length, 1], "int32")
      const more = tf.matMul(dense.dz, input, true, false)
      W_enc = tf.add(W_enc, tf.scatterND(at, more, W_enc.shape))
      b_enc = tf.add(b_enc, tf.scatterND(at, tf.sum(dense.dz, 0), [pattern.latents]))
    }
    const result = { W_enc, b_enc, W_dec, ...outputGradients(batch, b_enc, gradient) }
    tf.dispose([input, gradient])
    return result
  })
}

/**
 * Gradients of b_dec and of a skip connection. Where b_dec is subtracted from the input, every gradient of z (their sum
 * over the batch is the gradient of b_enc) goes back through its encoder row. Call in a tidy.
 */
export const outputGradients = (
  { x, W_enc, W_skip, options }: Batch,
  b_enc: tf.Tensor1D,
  gradient: tf.Tensor2D
): Pick<BatchLoss["gradients"], "b_dec" | "W_skip"> => {
  let b_dec = tf.sum(gradient, 0) as tf.Tensor1D
  if (options.apply_b_dec_to_input) {
    const through = tf.matMul(tf.expandDims<tf.Tensor2D>(b_enc, 0), W_enc)
    b_dec = tf.sub(b_dec, tf.reshape<tf.Rank.R1>(through, [x.shape[1]]))
  }
  return W_skip === undefined ? { b_dec } : { b_dec, W_skip: tf.matMul(gradient, x, true, false) }
}
