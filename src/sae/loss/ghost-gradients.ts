/**
 * Ghost gradients: dead latents, with exp in the place of relu so that all of them have gradients, reconstruct the residual.
 * Their output is scaled to half the residual's norm on every row, and their loss to that of the SAE itself; both scales
 * are held fixed, as is the residual. Jermyn and Templeton, Anthropic circuits update of January 2024; as SAELens
 * computed it (`calculate_ghost_grad_loss`, until version 4). Here for the SAEs that choose k latents.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { AuxiliaryLoss } from "./auxiliary-loss.ts"

/** Against division by zero, as in SAELens. */
const tiny = 1e-6

/**
 * @param input x - b_dec, [rows, d_in]
 * @param residual x - x_hat, [rows, d_out]
 * @param dead the dead latents' weights, latent-major
 * @param weight what the mean |x - x_hat|^2 is multiplied by in the loss
 */
export const ghostLoss = (
  input: tf.Tensor2D,
  residual: tf.Tensor2D,
  dead: { readonly W_enc: tf.Tensor2D; readonly b_enc: tf.Tensor1D; readonly W_dec: tf.Tensor2D },
  coefficient: number,
  weight: number
): AuxiliaryLoss => {
  const rows = residual.shape[0]
  const facts = { loss: 0 }
  const gradients: Omit<AuxiliaryLoss, "loss"> = tf.tidy(() => {
    const f = tf.exp(tf.add(tf.matMul(input, dead.W_enc, false, true), dead.b_enc)) as tf.Tensor2D
    const plain = tf.matMul(f, dead.W_dec)
    const squares = tf.sum(tf.square(residual), 1, true)
    const scale = tf.div(tf.sqrt(squares), tf.add(tf.mul(tf.norm(plain, 2, 1, true), 2), tiny))
    const error = tf.sub(tf.mul(plain, scale), residual)
    const missed = tf.sum(tf.square(error), 1, true)
    const ratio = tf.div(squares, tf.add(missed, tiny))
    facts.loss = (weight / rows) * (tf.sum(tf.mul(missed, ratio)).dataSync<"float32">()[0] as number)
    const factor = tf.mul(tf.mul(ratio, scale), (2 * coefficient * weight) / rows)
    const gradient = tf.mul(error, factor) as tf.Tensor2D
    const dots = tf.matMul(gradient, dead.W_dec, false, true)
    const dz = tf.mul(dots, f) as tf.Tensor2D
    return {
      W_enc: tf.matMul(dz, input, true, false),
      b_enc: tf.sum(dz, 0) as tf.Tensor1D,
      W_dec: tf.matMul(f, gradient, true, false)
    }
  })
  return { loss: facts.loss, ...gradients }
}
