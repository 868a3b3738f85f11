/** AuxK on top of gradients that are there already: its loss, and the sums. */
import * as tf from "@tensorflow/tfjs-core"
import type { Batch } from "./architecture.ts"
import { auxiliaryLoss } from "./auxiliary-loss.ts"
import { reconstructionWeight } from "./training-options.ts"

export interface LatentGradients {
  readonly W_enc: tf.Tensor2D
  readonly b_enc: tf.Tensor1D
  readonly W_dec: tf.Tensor2D
}

/** `base` with `rows` added at the latents `at`. Disposes of both. */
const addRows = <T extends tf.Tensor>(base: T, at: Int32Array, rows: tf.Tensor): T => {
  const sum = tf.tidy(() => {
    const indices = tf.tensor2d(at, [at.length, 1], "int32")
    return tf.add(base, tf.scatterND(indices, rows, base.shape)) as T
  })
  tf.dispose([base, rows])
  return sum
}

/**
 * @param input x - b_dec, [rows, d_in]
 * @param residual x - x_hat, [rows, d_in]
 * @param own disposed of where something is added
 */
export const addAuxiliary = (
  batch: Batch,
  input: tf.Tensor2D,
  residual: tf.Tensor2D,
  own: LatentGradients
): LatentGradients & { readonly aux_loss: number } => {
  const { dead, options, W_enc, b_enc, W_dec } = batch
  if (dead.length === 0 || !(options.aux_coefficient > 0)) return { ...own, aux_loss: 0 }
  const at = tf.tensor1d(dead, "int32")
  const weights = { W_enc: tf.gather(W_enc, at), b_enc: tf.gather(b_enc, at), W_dec: tf.gather(W_dec, at) }
  const weight = reconstructionWeight(options, batch.variance, residual.shape[1])
  const aux = auxiliaryLoss(input, residual, weights, options.k_aux, options.aux_coefficient, options.aux_loss, weight)
  tf.dispose([at, weights.W_enc, weights.b_enc, weights.W_dec, aux.radial])
  return {
    W_enc: addRows(own.W_enc, dead, aux.W_enc),
    b_enc: addRows(own.b_enc, dead, aux.b_enc),
    W_dec: addRows(own.W_dec, dead, aux.W_dec),
    aux_loss: aux.loss
  }
}
