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
 */
import * as tf from "@tensorflow/tfjs-core"
import { fixedProduct, productOfRows, sumOfRows, sumOfSquares } from "../../tensor/kernels/fixed-sums.ts"
import { scatterToLatents } from "../../tensor/kernels/sparse-kernels.ts"
import type { Batch } from "../architecture.ts"
import { auxiliaryLatents, type ChoiceOptions } from "../settings/choice-options.ts"
import { choiceWeights, type LatentGradients } from "./active-pass.ts"
import { weighedPairs } from "./choose-pairs.ts"
import { pairSums } from "./code-products.ts"
import { decodeErrors } from "./decode-errors.ts"
import { reconstructionWeight } from "./reconstruction-weight.ts"
import { relu, throughRelu } from "./relu.ts"

/** The options that it has, of whoever has an auxiliary loss. */
type AuxiliaryOptions = Pick<ChoiceOptions, "aux_loss" | "aux_coefficient" | "k_aux">

/** relu(z), or z as it is, of latents that have signs. */
type Activation = "relu" | "signed"

/** What dead latents revive on: their own weights, the encoder's input and what the live ones leave. Tensors of a tidy. */
interface Revival {
  readonly batch: Batch<AuxiliaryOptions>
  readonly W_enc: tf.Tensor2D
  readonly b_enc: tf.Tensor1D
  readonly W_dec: tf.Tensor2D
  /** [rows, d_in] */
  readonly input: tf.Tensor2D
  /** [rows, d_out] */
  readonly residual: tf.Tensor2D
}

/** Without its coefficient; the gradients are of coefficient * loss, tensors of a tidy. */
interface Revived {
  readonly loss: number
  readonly gradients: Omit<Required<LatentGradients>, "latents">
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
  const mean = tf.div(sumOfRows(tf.ones([rows]), residual), rows)
  return sumOfSquares(tf.sub(residual, mean))
}

const byAuxK = (
  kind: "fraction" | "scaled_sum" | "mean",
  { batch, W_enc, b_enc, W_dec, input, residual }: Revival,
  activation: Activation
): Revived => {
  const { options } = batch
  const [dead, d_out] = W_dec.shape
  const k_aux = auxiliaryLatents(options, d_out)
  const signed = activation === "signed"
  const choice =
    k_aux < dead || signed ? ({ from: "rows", count: Math.min(dead, k_aux) } as const) : ({ above: 0 } as const)
  // Where decoder rows are free, dead latents are chosen as live ones are.
  const weights = options.decoder_norm === "free" ? choiceWeights({ ...batch, W_dec }) : undefined
  const { pattern, z } = weighedPairs({ options, W_enc, b_enc }, input, choice, weights, signed)
  const f = signed ? z : relu(z)
  const divisor = divisorOf(kind, residual, dead, k_aux)
  const scale = divisor > 0 ? (2 * options.aux_coefficient) / divisor : 0
  const made = decodeErrors(pattern, f, W_dec, tf.neg(residual), scale, Int32Array.of(dead))
  const dz = signed ? made.dots.map((dot, i) => (f[i] === 0 ? 0 : dot)) : throughRelu(f, made.dots)
  return {
    loss: divisor > 0 ? (made.squares[0] as number) / divisor : 0,
    gradients: {
      W_enc: scatterToLatents(pattern, tf.tensor1d(dz, "float32"), input),
      b_enc: tf.tensor1d(pairSums(pattern, dz)),
      W_dec: scatterToLatents(pattern, tf.tensor1d(f, "float32"), made.gradient)
    }
  }
}

/** Against division by zero, as in SAELens. */
const tiny = 1e-6

/** @param weight what the mean |x - x_hat|^2 is multiplied by in the loss */
const byGhosts = ({ batch, W_enc, b_enc, W_dec, input, residual }: Revival, weight: number): Revived => {
  const rows = residual.shape[0]
  const z = tf.add<tf.Tensor2D>(productOfRows(input, W_enc), b_enc)
  // The engine's exponentials depend on where in its vectors a number stands.
  const f = tf.tensor2d(z.dataSync<"float32">().map(Math.exp), z.shape)
  const plain = fixedProduct(f, W_dec)
  const squares = tf.sum(tf.square(residual), 1, true)
  const scale = tf.div(tf.sqrt(squares), tf.add(tf.mul(tf.norm(plain, 2, 1, true), 2), tiny))
  const error = tf.sub(tf.mul(plain, scale), residual)
  const missed = tf.sum(tf.square(error), 1, true)
  const ratio = tf.div(squares, tf.add(missed, tiny))
  const factor = tf.mul(tf.mul(ratio, scale), (2 * batch.options.aux_coefficient * weight) / rows)
  const gradient = tf.mul<tf.Tensor2D>(error, factor)
  const dz = tf.mul<tf.Tensor2D>(productOfRows(gradient, W_dec), f)
  const losses = tf.mul(missed, ratio).dataSync<"float32">()
  return {
    loss: (weight / rows) * losses.reduce((sum, loss) => sum + loss, 0),
    gradients: {
      W_enc: fixedProduct(dz, input, true),
      b_enc: sumOfRows(tf.ones([rows]), dz),
      W_dec: fixedProduct(f, gradient, true)
    }
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
    const left = residual()
    const revival: Revival = {
      batch,
      W_enc: tf.gather(batch.W_enc, latents),
      b_enc: tf.gather(batch.b_enc, latents),
      W_dec: tf.gather(batch.W_dec, latents),
      input,
      residual: left
    }
    const revived =
      options.aux_loss === "ghost"
        ? byGhosts(revival, reconstructionWeight(options, variance, left.shape[1]))
        : byAuxK(options.aux_loss, revival, activation)
    aux_loss = revived.loss
    return revived.gradients
  })
  return { aux_loss, more: { latents: dead, ...gradients } }
}
