/**
 * AuxK: dead latents reconstruct what the live ones leave, which gives them gradients. Gao et al. 2024, arXiv
 * 2406.04093, appendix A.2: |e - e_hat|^2 / |e - mean e|^2 with the residual e held fixed, e_hat decoded without bias
 * from the k_aux largest activations among dead latents; 0 where the residual has no variance.
 *
 * Dead latents are few, or soon will be, so this is done with dense products over the dead rows of the weights alone.
 */
import * as tf from "@tensorflow/tfjs-core"
import { topKRows } from "../../tensor/kernels/sparse-kernels.ts"
import { ghostLoss } from "./ghost-gradients.ts"
import type { TrainingOptions } from "../settings/training-options.ts"

export interface AuxiliaryLoss {
  /** Without its coefficient. */
  readonly loss: number
  /** Gradients of coefficient * loss for the dead latents, in their order: [dead, d_in], [dead], [dead, d_in]. */
  readonly W_enc: tf.Tensor2D
  readonly b_enc: tf.Tensor1D
  readonly W_dec: tf.Tensor2D
}

/** The k largest of each row, the rest zero. Entries equal to the k-th stay. */
const keepLargest = (activations: tf.Tensor2D, k: number): tf.Tensor2D => {
  const [rows, columns] = activations.shape
  if (k >= columns) return activations
  return tf.tidy(() => {
    const kth = tf.min(tf.reshape(topKRows(activations, k).value, [rows, k]), 1, true)
    return tf.where(tf.greaterEqual(activations, kth), activations, tf.zerosLike(activations))
  })
}

/** What the sum of squares |e - e_hat|^2 is divided by. Call in a tidy. */
const divisorOf = (kind: TrainingOptions["aux_loss"], residual: tf.Tensor2D, dead: number, k_aux: number): number => {
  const [rows, d_in] = residual.shape
  if (kind === "mean") return rows * d_in
  if (kind === "scaled_sum") return rows / Math.min(1, dead / k_aux)
  const spread = tf.sub(residual, tf.mean(residual, 0, true))
  return tf.sum(tf.square(spread)).dataSync<"float32">()[0] as number
}

/**
 * @param input x - b_dec, [rows, d_in]
 * @param residual x - x_hat, [rows, d_in]
 * @param dead the dead latents' weights, latent-major
 * @param weight what the mean |x - x_hat|^2 is multiplied by in the loss: for ghost gradients
 */
export const auxiliaryLoss = (
  input: tf.Tensor2D,
  residual: tf.Tensor2D,
  dead: { readonly W_enc: tf.Tensor2D; readonly b_enc: tf.Tensor1D; readonly W_dec: tf.Tensor2D },
  k_aux: number,
  coefficient: number,
  kind: TrainingOptions["aux_loss"] = "fraction",
  weight = 1
): AuxiliaryLoss => {
  if (kind === "ghost") return ghostLoss(input, residual, dead, coefficient, weight)
  const loss = { value: 0 }
  const gradients: Omit<AuxiliaryLoss, "loss"> = tf.tidy(() => {
    const z = tf.add<tf.Tensor2D>(tf.matMul(input, dead.W_enc, false, true), dead.b_enc)
    const f = keepLargest(tf.relu(z), k_aux)
    const error = tf.sub(tf.matMul(f, dead.W_dec), residual)
    const divisor = divisorOf(kind, residual, dead.b_enc.size, k_aux)
    const missed = tf.sum(tf.square(error)).dataSync<"float32">()[0] as number
    loss.value = divisor > 0 ? missed / divisor : 0
    const gradient = tf.mul<tf.Tensor2D>(error, divisor > 0 ? (2 * coefficient) / divisor : 0)
    const dots = tf.matMul(gradient, dead.W_dec, false, true)
    const active = tf.where(tf.greater(f, 0), dots, tf.zerosLike(dots))
    return {
      W_enc: tf.matMul(active as tf.Tensor2D, input, true, false),
      b_enc: tf.sum(active, 0) as tf.Tensor1D,
      W_dec: tf.matMul(f, gradient, true, false)
    }
  })
  return { loss: loss.value, ...gradients }
}
