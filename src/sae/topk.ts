/** TopK: the k largest pre-activations of each row, in training and in use. Gao et al. 2024, arXiv 2406.04093, 2.3. */
import * as tf from "@tensorflow/tfjs-core"
import { topKRows } from "../tensor/sparse-kernels.ts"
import type { SparseCodes } from "../tensor/sparse-pattern.ts"
import { baseError, encoderInput, outputGradients, preActivations, reconstruct } from "./active-pass.ts"
import { addAuxiliary } from "./add-auxiliary.ts"
import type { Architecture, Batch, BatchLoss } from "./architecture.ts"
import { decodePairs, pairScatter, pairSums } from "./code-products.ts"
import { multiTopkLoss } from "./multi-topk.ts"
import { sparseLoss } from "./sparse-loss.ts"
import { reconstructionWeight } from "./training-options.ts"

/** The loss of an SAE that keeps the relu of the pairs chosen here. */
export const chosenLoss = (batch: Batch, select: (pre: tf.Tensor2D) => SparseCodes): BatchLoss =>
  batch.target === batch.x && batch.options.apply_b_dec_to_input && batch.W_skip === undefined
    ? plainLoss(batch, select)
    : generalLoss(batch, select)

/** Of an autoencoder, its values on the engine throughout. */
const plainLoss = (batch: Batch, select: (pre: tf.Tensor2D) => SparseCodes): BatchLoss => {
  const { x, W_enc, b_enc, W_dec, b_dec, dead, options, variance } = batch
  const weight = reconstructionWeight(options, variance, x.shape[1])
  const { loss, mse, aux_loss, codes, activations, gradients } = sparseLoss({
    x,
    W_enc,
    b_enc,
    W_dec,
    b_dec,
    select,
    variance: 1 / weight,
    dead,
    k_aux: options.k_aux,
    aux_coefficient: options.aux_coefficient,
    aux_kind: options.aux_loss
  })
  codes.value.dispose()
  return { loss, mse, aux_loss, pattern: codes, activations, gradients: { ...gradients, extras: {} } }
}

/** Of transcoders and crosscoders. */
const generalLoss = (batch: Batch, select: (pre: tf.Tensor2D) => SparseCodes): BatchLoss => {
  const { options, W_dec } = batch
  const input = encoderInput(batch)
  const pre = preActivations(input, batch.W_enc, batch.b_enc)
  const codes = select(pre)
  const f = codes.value.dataSync<"float32">().map((z) => Math.max(0, z))
  tf.dispose([pre, codes.value])
  const { mse, loss, gradient, dots } = reconstruct(batch, codes, f)
  const dz = dots.map((dot, i) => ((f[i] as number) > 0 ? dot : 0))
  const residual = tf.tidy(() => tf.neg(tf.add(decodePairs(codes, f, W_dec), baseError(batch))) as tf.Tensor2D)
  const own = {
    W_enc: pairScatter(codes, dz, input),
    b_enc: tf.tensor1d(pairSums(codes, dz)),
    W_dec: pairScatter(codes, f, gradient)
  }
  const { aux_loss, ...all } = addAuxiliary(batch, input, residual, own)
  const output = tf.tidy(() => outputGradients(batch, all.b_enc, gradient))
  tf.dispose([input, residual, gradient])
  return {
    loss: loss + options.aux_coefficient * aux_loss,
    mse,
    aux_loss,
    pattern: codes,
    activations: f,
    gradients: { ...all, ...output, extras: {} }
  }
}

export const topk: Architecture = {
  name: "topk",
  extras: () => ({}),
  memory: () => ({}),
  loss: (batch) =>
    batch.options.multi_topk ? multiTopkLoss(batch) : chosenLoss(batch, (pre) => topKRows(pre, batch.options.k)),
  latents: ({ b_enc }, { k }) => ({ type: "topk", b_enc, k, rescale: false, threshold: null }),
  threshold: false
}
