/**
 * What revives dead latents: they reconstruct what the live ones leave, which gives them gradients; the residual e is held
 * fixed, and e_hat is decoded without bias.
 *
 * AuxK: from the k_aux largest activations among dead latents, |e - e_hat|^2 by |e - mean e|^2, the number of rows or of all
 * numbers. Gao et al. 2024, arXiv 2406.04093, appendix A.2; 0 where the residual has no variance.
 *
 * Ghost gradients: with exp in the place of relu, so that all of them have gradients. Their output is scaled to half the
 * residual's norm on every row, and their loss to that of the SAE itself; both scales are held fixed. Jermyn and Templeton,
 * Anthropic circuits update of January 2024; as SAELens computed it (`calculate_ghost_grad_loss`, until version 4).
 *
 * Dead latents are few, or soon will be, so this is done with dense products over the dead rows of the weights alone.
 */
import * as tf from "@tensorflow/tfjs-core"
import { topKRows } from "../../tensor/kernels/sparse-kernels.ts"
import type { Batch } from "../architecture.ts"
import { auxiliaryLatents, type ChoiceOptions } from "../settings/choice-options.ts"
import type { LatentGradients } from "./active-pass.ts"
import { reconstructionWeight } from "./reconstruction-weight.ts"

/** The options that it has, of whoever has an auxiliary loss. */
type AuxiliaryOptions = Pick<ChoiceOptions, "aux_loss" | "aux_coefficient" | "k_aux">

/** relu(z), or z as it is, of latents that have signs. */
type Activation = "relu" | "signed"

/** What the dead latents make of a batch, and how that is judged. Tensors of a tidy. */
interface Revived {
  /** Without its coefficient. */
  readonly loss: number
  /** Activations, [rows, dead]. */
  readonly f: tf.Tensor2D
  /** Gradient of coefficient * loss by their output, [rows, d_out]. */
  readonly gradient: tf.Tensor2D
  /** Gradient by z from that by f. */
  readonly through: (byActivation: tf.Tensor2D) => tf.Tensor2D
}

const scalar = (tensor: tf.Tensor): number => tensor.dataSync<"float32">()[0] as number

/** Of each row those activations whose sizes are the k largest, the rest zero. Sizes equal to the k-th stay. */
const keepLargest = (activations: tf.Tensor2D, sizes: tf.Tensor2D, k: number): tf.Tensor2D => {
  const [rows, columns] = sizes.shape
  if (k >= columns) return activations
  return tf.tidy(() => {
    const kth = tf.min(tf.reshape(topKRows(sizes, k).value, [rows, k]), 1, true)
    return tf.where(tf.greaterEqual(sizes, kth), activations, tf.zerosLike(activations))
  })
}

/** What the sum of squares |e - e_hat|^2 is divided by. Call in a tidy. */
const divisorOf = (
  kind: "fraction" | "scaled_sum" | "mean",
  residual: tf.Tensor2D,
  dead: number,
  k_aux: number
): number => {
  const [rows, d_out] = residual.shape
  if (kind === "mean") return rows * d_out
  if (kind === "scaled_sum") return rows / Math.min(1, dead / k_aux)
  const spread = tf.sub(residual, tf.mean(residual, 0, true))
  return scalar(tf.sum(tf.square(spread)))
}

const byAuxK = (
  kind: "fraction" | "scaled_sum" | "mean",
  z: tf.Tensor2D,
  W_dec: tf.Tensor2D,
  residual: tf.Tensor2D,
  { aux_coefficient: coefficient, ...options }: AuxiliaryOptions,
  activation: Activation
): Revived => {
  const k_aux = auxiliaryLatents(options, residual.shape[1])
  const active = activation === "relu" ? tf.relu(z) : z
  const f = keepLargest(active, activation === "relu" ? active : tf.abs(z), k_aux)
  const error = tf.sub(tf.matMul(f, W_dec), residual)
  const divisor = divisorOf(kind, residual, z.shape[1], k_aux)
  const missed = scalar(tf.sum(tf.square(error)))
  return {
    loss: divisor > 0 ? missed / divisor : 0,
    f,
    gradient: tf.mul<tf.Tensor2D>(error, divisor > 0 ? (2 * coefficient) / divisor : 0),
    through: (byActivation) => tf.where(tf.notEqual(f, 0), byActivation, tf.zerosLike(byActivation))
  }
}

/** Against division by zero, as in SAELens. */
const tiny = 1e-6

/** @param weight what the mean |x - x_hat|^2 is multiplied by in the loss */
const byGhosts = (
  z: tf.Tensor2D,
  W_dec: tf.Tensor2D,
  residual: tf.Tensor2D,
  coefficient: number,
  weight: number
): Revived => {
  const rows = residual.shape[0]
  const f = tf.exp(z)
  const plain = tf.matMul(f, W_dec)
  const squares = tf.sum(tf.square(residual), 1, true)
  const scale = tf.div(tf.sqrt(squares), tf.add(tf.mul(tf.norm(plain, 2, 1, true), 2), tiny))
  const error = tf.sub(tf.mul(plain, scale), residual)
  const missed = tf.sum(tf.square(error), 1, true)
  const ratio = tf.div(squares, tf.add(missed, tiny))
  const factor = tf.mul(tf.mul(ratio, scale), (2 * coefficient * weight) / rows)
  return {
    loss: (weight / rows) * scalar(tf.sum(tf.mul(missed, ratio))),
    f,
    gradient: tf.mul<tf.Tensor2D>(error, factor),
    through: (byActivation) => tf.mul(byActivation, f)
  }
}

/**
 * The loss of a batch without its coefficient, and what coefficient * loss adds to the gradients of dead latents: nothing
 * where no latent is dead or the coefficient is zero.
 *
 * @param input x - b_dec, [rows, d_in]
 * @param residual x - x_hat, [rows, d_out]
 */
export const auxiliaryLoss = (
  batch: Batch<AuxiliaryOptions>,
  input: tf.Tensor2D,
  residual: () => tf.Tensor2D,
  activation: Activation = "relu"
): { readonly aux_loss: number; readonly more: LatentGradients | undefined } => {
  const { dead, options, variance } = batch
  if (dead.length === 0 || !(options.aux_coefficient > 0)) return { aux_loss: 0, more: undefined }
  let aux_loss = 0
  const gradients = tf.tidy(() => {
    const latents = tf.tensor1d(dead, "int32")
    const [W_enc, b_enc] = [tf.gather(batch.W_enc, latents), tf.gather(batch.b_enc, latents)]
    const W_dec = tf.gather(batch.W_dec, latents)
    const left = residual()
    const z = tf.add<tf.Tensor2D>(tf.matMul(input, W_enc, false, true), b_enc)
    const { loss, f, gradient, through } =
      options.aux_loss === "ghost"
        ? byGhosts(z, W_dec, left, options.aux_coefficient, reconstructionWeight(options, variance, left.shape[1]))
        : byAuxK(options.aux_loss, z, W_dec, left, options, activation)
    aux_loss = loss
    const dz = through(tf.matMul(gradient, W_dec, false, true))
    return {
      W_enc: tf.matMul<tf.Tensor2D>(dz, input, true, false),
      b_enc: tf.sum<tf.Tensor1D>(dz, 0),
      W_dec: tf.matMul<tf.Tensor2D>(f, gradient, true, false)
    }
  })
  return { aux_loss, more: { latents: dead, ...gradients } }
}
