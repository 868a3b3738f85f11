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

/** Of f on the pairs: x_hat = f W_dec + b_dec. */
export const reconstruct = (batch: Batch, pattern: SparsePattern, f: Float32Array): Reconstruction => {
  const { x, W_dec, b_dec, options, variance } = batch
  const [rows, d_in] = x.shape
  const weight = reconstructionWeight(options, variance, d_in)
  const facts = { mse: 0 }
  const gradient = tf.tidy(() => {
    const error = tf.sub(tf.add(decodePairs(pattern, f, W_dec), b_dec), x) as tf.Tensor2D
    facts.mse = (tf.sum(tf.square(error)).dataSync<"float32">()[0] as number) / rows
    return tf.mul(error, (2 * weight) / rows) as tf.Tensor2D
  })
  return { mse: facts.mse, loss: weight * facts.mse, gradient, dots: pairDots(pattern, W_dec, gradient) }
}

/** Norms of the decoder rows where a penalty weighs by them; undefined where they are one. */
export const decoderNorms = ({ W_dec, options }: Batch): Float32Array | undefined => {
  if (options.decoder_norm === "unit") return undefined
  const norms = rowNorms(W_dec)
  const values = norms.dataSync<"float32">()
  norms.dispose()
  return values
}

export interface PairGradients {
  readonly pattern: SparsePattern
  readonly f: Float32Array
  /** Gradient of z on the pairs. */
  readonly dz: Float32Array
  /** Gradient by x_hat; disposed of. */
  readonly gradient: tf.Tensor2D
  /** Gradient by the norm of each decoder row, [d_sae], where a penalty weighs by norms. */
  readonly norms?: { readonly values: Float32Array; readonly gradient: ArrayLike<number> } | undefined
  /** More gradient of z of some latents on all rows, [rows, latents], as `pre_act_coefficient` gives. */
  readonly dense?: { readonly latents: Int32Array; readonly dz: tf.Tensor2D } | undefined
}

/** Gradients of the four parameters that every SAE has. `input` is disposed of. */
export const weightGradients = (
  batch: Batch,
  input: tf.Tensor2D,
  given: PairGradients
): Omit<BatchLoss["gradients"], "extras"> => {
  const { pattern, f, dz, gradient, norms, dense } = given
  const { W_enc, W_dec, options } = batch
  const d_in = batch.x.shape[1]
  const sums = pairSums(pattern, dz)
  return tf.tidy(() => {
    let W_enc_gradient = pairScatter(pattern, dz, input)
    let W_dec_gradient = pairScatter(pattern, f, gradient)
    let b_enc = tf.tensor1d(sums)
    if (norms !== undefined) {
      // d|w|/dw = w / |w|.
      const factor = Float32Array.from(norms.values, (norm, j) => (norm > 0 ? (norms.gradient[j] as number) / norm : 0))
      W_dec_gradient = tf.add(W_dec_gradient, tf.mul(W_dec, tf.expandDims(tf.tensor1d(factor), 1)))
    }
    if (dense !== undefined) {
      const at = tf.tensor2d(dense.latents, [dense.latents.length, 1], "int32")
      const more = tf.matMul(dense.dz, input, true, false)
      W_enc_gradient = tf.add(W_enc_gradient, tf.scatterND(at, more, [pattern.latents, d_in]))
      b_enc = tf.add(b_enc, tf.scatterND(at, tf.sum(dense.dz, 0), [pattern.latents]))
    }
    let b_dec: tf.Tensor = tf.sum(gradient, 0)
    if (options.apply_b_dec_to_input) {
      // Where b_dec is subtracted from the input, every gradient of z goes back through its encoder row.
      const through = tf.matMul(tf.expandDims<tf.Tensor2D>(b_enc, 0), W_enc)
      b_dec = tf.sub(b_dec, tf.reshape(through, [d_in]))
    }
    tf.dispose([input, gradient])
    return { W_enc: W_enc_gradient, b_enc, W_dec: W_dec_gradient, b_dec: b_dec as tf.Tensor1D }
  })
}
