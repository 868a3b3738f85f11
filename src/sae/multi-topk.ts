/**
 * Multi-TopK: to the loss with the k largest pre-activations of each row an eighth of the same loss with the 4 k largest
 * is added, so that codes stay useful at other k. Gao et al. 2024, arXiv 2406.04093, section 5.2; sparsify `multi_topk`.
 */
import * as tf from "@tensorflow/tfjs-core"
import { topKRows } from "../tensor/sparse-kernels.ts"
import { baseError, encoderInput, outputGradients, preActivations, reconstruct } from "./active-pass.ts"
import { addAuxiliary } from "./add-auxiliary.ts"
import type { Batch, BatchLoss } from "./architecture.ts"
import { decodePairs, pairScatter, pairSums } from "./code-products.ts"

const times = 4
const share = 1 / 8

interface Chosen {
  readonly pattern: BatchLoss["pattern"]
  readonly f: Float32Array
}

const choose = (pre: tf.Tensor2D, k: number): Chosen => {
  const codes = topKRows(pre, k)
  const f = codes.value.dataSync<"float32">().map((z) => Math.max(0, z))
  codes.value.dispose()
  return { pattern: codes, f }
}

/** The loss's part of one choice, times `weight`, with its gradients. */
const part = (batch: Batch, input: tf.Tensor2D, { pattern, f }: Chosen, weight: number) => {
  const { mse, loss, gradient: whole, dots } = reconstruct(batch, pattern, f)
  const gradient = tf.mul<tf.Tensor2D>(whole, weight)
  whole.dispose()
  const dz = dots.map((dot, i) => ((f[i] as number) > 0 ? weight * dot : 0))
  return {
    mse,
    loss: weight * loss,
    gradient,
    W_enc: pairScatter(pattern, dz, input),
    b_enc: tf.tensor1d(pairSums(pattern, dz)),
    W_dec: pairScatter(pattern, f, gradient)
  }
}

const sum = <T extends tf.Tensor>(a: T, b: T): T => {
  const result = tf.add(a, b) as T
  tf.dispose([a, b])
  return result
}

export const multiTopkLoss = (batch: Batch): BatchLoss => {
  const { options, W_dec } = batch
  const input = encoderInput(batch)
  const pre = preActivations(input, batch.W_enc, batch.b_enc)
  const few = choose(pre, options.k)
  const many = choose(pre, Math.min(times * options.k, options.d_sae))
  pre.dispose()
  const [first, second] = [part(batch, input, few, 1), part(batch, input, many, share)]
  const residual = tf.tidy(
    () => tf.neg(tf.add(decodePairs(few.pattern, few.f, W_dec), baseError(batch))) as tf.Tensor2D
  )
  const own = {
    W_enc: sum(first.W_enc, second.W_enc),
    b_enc: sum(first.b_enc, second.b_enc),
    W_dec: sum(first.W_dec, second.W_dec)
  }
  const { aux_loss, ...all } = addAuxiliary(batch, input, residual, own)
  const gradient = sum(first.gradient, second.gradient)
  const output = tf.tidy(() => outputGradients(batch, all.b_enc, gradient))
  tf.dispose([input, residual, gradient])
  return {
    loss: first.loss + second.loss + options.aux_coefficient * aux_loss,
    mse: first.mse,
    aux_loss,
    pattern: few.pattern,
    activations: few.f,
    gradients: { ...all, ...output, extras: {} }
  }
}
