/**
 * Loss of one batch and its exact gradients, for architectures that choose their active latents (TopK, BatchTopK). Only
 * the encoder's product is dense; everything else works on the active pairs.
 *
 *   z = (x - b_dec) W_enc + b_enc, f = relu(z) on the chosen pairs, x_hat = f W_dec + b_dec
 *   loss = mean |x - x_hat|^2 / variance + aux_coefficient * auxiliary loss
 *
 * `variance` is a constant of the data, so the first term is 1 - explained variance. Gao et al. 2024, section 2 and A.2.
 */
import * as tf from "@tensorflow/tfjs-core"
import { activeDots, decode, scatterToLatents, sumByLatent } from "../tensor/sparse-kernels.ts"
import { type SparseCodes, type SparsePattern, withValue } from "../tensor/sparse-pattern.ts"
import { auxiliaryLoss } from "./auxiliary-loss.ts"
import type { TrainingOptions } from "./training-options.ts"

export interface SparseLossInput {
  /** [rows, d_in] */
  readonly x: tf.Tensor2D
  /** The encoder transposed, one row a latent: [d_sae, d_in]. */
  readonly W_enc: tf.Tensor2D
  /** [d_sae] */
  readonly b_enc: tf.Tensor1D
  /** [d_sae, d_in] */
  readonly W_dec: tf.Tensor2D
  /** [d_in] */
  readonly b_dec: tf.Tensor1D
  readonly select: (pre: tf.Tensor2D) => SparseCodes
  /** Mean |x - mean x|^2 of the data. */
  readonly variance: number
  /** Latents that count as dead, ascending. */
  readonly dead: Int32Array
  readonly k_aux: number
  readonly aux_coefficient: number
  /** @default "fraction" */
  readonly aux_kind?: TrainingOptions["aux_loss"]
}

export interface SparseLoss {
  readonly loss: number
  /** Mean over rows of |x - x_hat|^2. */
  readonly mse: number
  readonly aux_loss: number
  /** The chosen pairs, and which of them have a positive activation. */
  readonly codes: SparseCodes
  readonly activations: Float32Array
  /** Owned by the caller, as is `codes.value`. */
  readonly gradients: {
    readonly W_enc: tf.Tensor2D
    readonly b_enc: tf.Tensor1D
    readonly W_dec: tf.Tensor2D
    readonly b_dec: tf.Tensor1D
    /** Per latent the dot product of its decoder gradient and its decoder row, [d_sae]. */
    readonly radial: tf.Tensor1D
  }
}

/** `base` with `rows` added at the latents `at`. */
const addRows = <T extends tf.Tensor>(base: T, at: Int32Array, rows: tf.Tensor): T =>
  tf.tidy(() => {
    const indices = tf.tensor2d(at, [at.length, 1], "int32")
    return tf.add(base, tf.scatterND(indices, rows, base.shape)) as T
  })

export const sparseLoss = (given: SparseLossInput): SparseLoss => {
  const { x, W_enc, b_enc, W_dec, b_dec, dead } = given
  const [rows, d_in] = x.shape
  const facts: { mse: number; aux: number; activations: Float32Array; pattern?: SparsePattern } = {
    mse: 0,
    aux: 0,
    activations: new Float32Array(0)
  }
  const { value, ...gradients } = tf.tidy(() => {
    const input = tf.sub<tf.Tensor2D>(x, b_dec)
    const product = tf.matMul<tf.Tensor2D>(input, W_enc, false, true)
    const pre = tf.add<tf.Tensor2D>(product, b_enc)
    product.dispose()
    const chosen = given.select(pre)
    pre.dispose()
    const codes = withValue(chosen, tf.relu(chosen.value))
    facts.pattern = codes
    facts.activations = codes.value.dataSync<"float32">()

    const error = tf.sub(tf.add(decode(codes, W_dec), b_dec), x) as tf.Tensor2D
    facts.mse = (tf.sum(tf.square(error)).dataSync<"float32">()[0] as number) / rows
    const gradient = tf.mul(error, 2 / (rows * given.variance)) as tf.Tensor2D
    const dots = activeDots(codes, W_dec, gradient)
    const active = tf.where(tf.greater(codes.value, 0), dots, tf.zerosLike(dots)) as tf.Tensor1D
    let W_enc_gradient = scatterToLatents(codes, active, input)
    let b_enc_gradient = sumByLatent(codes, active)
    let W_dec_gradient = scatterToLatents(codes, codes.value, gradient)
    let radial = sumByLatent(codes, tf.mul(codes.value, dots))

    if (dead.length > 0 && given.aux_coefficient > 0) {
      const at = tf.tensor1d(dead, "int32")
      const aux = auxiliaryLoss(
        input,
        tf.neg(error),
        { W_enc: tf.gather(W_enc, at), b_enc: tf.gather(b_enc, at), W_dec: tf.gather(W_dec, at) },
        given.k_aux,
        given.aux_coefficient,
        given.aux_kind,
        1 / given.variance
      )
      facts.aux = aux.loss
      W_enc_gradient = addRows(W_enc_gradient, dead, aux.W_enc)
      b_enc_gradient = addRows(b_enc_gradient, dead, aux.b_enc)
      W_dec_gradient = addRows(W_dec_gradient, dead, aux.W_dec)
      radial = addRows(radial, dead, aux.radial)
    }
    // b_dec is added to the output, and subtracted from the encoder's input: there every latent's gradient of z, summed
    // over the batch (the gradient of its bias), goes back through its encoder row.
    const through = tf.matMul(tf.expandDims<tf.Tensor2D>(b_enc_gradient, 0), W_enc)
    const b_dec_gradient = tf.sub(tf.sum(gradient, 0), tf.reshape(through, [d_in])) as tf.Tensor1D
    // Tensors only: a tidy looks through all that it returns, down to each number of a typed array.
    return {
      value: codes.value,
      W_enc: W_enc_gradient,
      b_enc: b_enc_gradient,
      W_dec: W_dec_gradient,
      b_dec: b_dec_gradient,
      radial
    }
  })
  return {
    loss: facts.mse / given.variance + given.aux_coefficient * facts.aux,
    mse: facts.mse,
    aux_loss: facts.aux,
    codes: withValue(facts.pattern as SparsePattern, value),
    activations: facts.activations,
    gradients
  }
}
