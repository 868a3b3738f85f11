/** AuxK of a batch: its loss, and what it adds to the gradients of dead latents. */
import * as tf from "@tensorflow/tfjs-core"
import type { LatentGradients } from "./active-pass.ts"
import type { Batch } from "../architecture.ts"
import { auxiliaryLoss } from "./auxiliary-loss.ts"
import { reconstructionWeight } from "../settings/training-options.ts"

/**
 * Nothing where no latent is dead or the loss has no weight.
 *
 * @param input x - b_dec, [rows, d_in]
 * @param residual x - x_hat, [rows, d_out]
 */
export const auxiliary = (
  batch: Batch,
  input: tf.Tensor2D,
  residual: () => tf.Tensor2D
): { readonly aux_loss: number; readonly more: LatentGradients | undefined } => {
  const { dead, options, W_enc, b_enc, W_dec } = batch
  if (dead.length === 0 || !(options.aux_coefficient > 0)) return { aux_loss: 0, more: undefined }
  const at = tf.tensor1d(dead, "int32")
  const weights = { W_enc: tf.gather(W_enc, at), b_enc: tf.gather(b_enc, at), W_dec: tf.gather(W_dec, at) }
  const left = residual()
  const weight = reconstructionWeight(options, batch.variance, left.shape[1])
  const aux = auxiliaryLoss(input, left, weights, options.k_aux, options.aux_coefficient, options.aux_loss, weight)
  tf.dispose([at, left, weights.W_enc, weights.b_enc, weights.W_dec])
  return { aux_loss: aux.loss, more: { latents: dead, W_enc: aux.W_enc, b_enc: aux.b_enc, W_dec: aux.W_dec } }
}
