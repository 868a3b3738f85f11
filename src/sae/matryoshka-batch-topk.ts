/**
 * Matryoshka BatchTopK: latents in groups, and every prefix of groups reconstructs the row as well as it can, so that
 * early latents stay general. BatchTopK chooses once, from all latents.
 *
 *   x_hat_g = sum_{h <= g} f_h W_dec_h + b_dec,   loss = sum_g omega_g |x - x_hat_g|^2 + alpha AuxK of the last residual
 *
 * Bussmann, Nabeshima, Karvonen and Nanda 2025, arXiv 2503.17547, section 3; dictionary_learning
 * `trainers/matryoshka_batch_top_k.py`. Every pair is decoded and given its gradient once, as in BatchTopK.
 */
import * as tf from "@tensorflow/tfjs-core"
import { topKBatch } from "../tensor/sparse-kernels.ts"
import { makePattern, type SparsePattern } from "../tensor/sparse-pattern.ts"
import type { Architecture, Batch, BatchLoss } from "./architecture.ts"
import { baseError, encoderInput, outputGradients, preActivations } from "./active-pass.ts"
import { addAuxiliary } from "./add-auxiliary.ts"
import { decodePairs, pairDots, pairScatter, pairSums } from "./code-products.ts"
import { type ResolvedOptions, reconstructionWeight } from "./training-options.ts"

/** Latents of each group: the shares rounded down, the rest in the last. */
export const groupSizes = ({ groups, d_sae }: Pick<ResolvedOptions, "groups" | "d_sae">): ReadonlyArray<number> => {
  const sizes = groups.slice(0, -1).map((share) => Math.floor(share * d_sae))
  return [...sizes, d_sae - sizes.reduce((sum, n) => sum + n, 0)]
}

const prefixWeight = ({ prefix_weights, groups }: ResolvedOptions): number =>
  ({ sum: 1, mean: 1 / groups.length, mean_of_mean: 1 / groups.length ** 2 })[prefix_weights]

interface Group {
  readonly first: number
  /** Its pairs, latents counted from its first; and where they are among all pairs. */
  readonly pattern: SparsePattern
  readonly at: Int32Array
}

const splitPairs = (pattern: SparsePattern, sizes: ReadonlyArray<number>): ReadonlyArray<Group> => {
  let first = 0
  return sizes.map((size) => {
    const start = first
    first += size
    const at: Array<number> = []
    const rowStart = new Int32Array(pattern.rows + 1)
    for (let i = 0; i < pattern.latent.length; i++) {
      const j = pattern.latent[i] as number
      if (j < start || j >= start + size) continue
      at.push(i)
      const row = (pattern.row[i] as number) + 1
      rowStart[row] = (rowStart[row] as number) + 1
    }
    for (let r = 0; r < pattern.rows; r++) rowStart[r + 1] = (rowStart[r + 1] as number) + (rowStart[r] as number)
    const latent = Int32Array.from(at, (i) => (pattern.latent[i] as number) - start)
    return { first: start, pattern: makePattern(size, rowStart, latent), at: Int32Array.from(at) }
  })
}

const pick = (values: Float32Array, at: Int32Array): Float32Array => Float32Array.from(at, (i) => values[i] as number)

const loss = (batch: Batch): BatchLoss => {
  const { target, W_enc, W_dec, b_enc, options, variance } = batch
  const [rows, d_out] = target.shape
  const weight = reconstructionWeight(options, variance, d_out) * prefixWeight(options)
  const input = encoderInput(batch)
  const pre = preActivations(input, W_enc, b_enc)
  const codes = topKBatch(pre, options.k * rows)
  pre.dispose()
  const f = codes.value.dataSync<"float32">().map((z) => Math.max(0, z))
  codes.value.dispose()
  const groups = splitPairs(codes, groupSizes(options))
  const weights = groups.map(({ first, pattern }) => tf.slice2d(W_dec, [first, 0], [pattern.latents, d_out]))

  // Residuals of the prefixes, x_hat_g - x, from the first to the last.
  const errors: Array<tf.Tensor2D> = []
  let missed = 0
  let mse = 0
  for (const [g, { pattern, at }] of groups.entries()) {
    const error = tf.tidy(() => {
      const part = decodePairs(pattern, pick(f, at), weights[g] as tf.Tensor2D)
      return tf.add(part, errors[g - 1] ?? baseError(batch)) as tf.Tensor2D
    })
    errors.push(error)
    mse = tf.tidy(() => tf.sum(tf.square(error)).dataSync<"float32">()[0] as number) / rows
    missed += weight * mse
  }
  const residual = tf.neg(errors.at(-1) as tf.Tensor2D)

  // A group's activations are in its own prefix and all later ones: sums of residuals from the last to the first.
  const dz = new Float32Array(f.length)
  const parts: Array<tf.Tensor2D> = []
  let gradient = tf.zerosLike(target)
  for (let g = groups.length - 1; g >= 0; g--) {
    const { pattern, at } = groups[g] as Group
    const next = tf.tidy(() => tf.add(gradient, tf.mul(errors[g] as tf.Tensor2D, (2 * weight) / rows)) as tf.Tensor2D)
    tf.dispose([gradient, errors[g] as tf.Tensor2D])
    gradient = next
    const dots = pairDots(pattern, weights[g] as tf.Tensor2D, gradient)
    for (const [n, i] of at.entries()) dz[i] = (f[i] as number) > 0 ? (dots[n] as number) : 0
    parts.unshift(pairScatter(pattern, pick(f, at), gradient))
  }
  tf.dispose(weights)
  const W_dec_gradient = tf.concat2d(parts, 0)
  tf.dispose(parts)

  const own = {
    W_enc: pairScatter(codes, dz, input),
    b_enc: tf.tensor1d(pairSums(codes, dz)),
    W_dec: W_dec_gradient
  }
  const { aux_loss, ...all } = addAuxiliary(batch, input, residual, own)
  tf.dispose([residual, input])
  const output = tf.tidy(() => outputGradients(batch, all.b_enc, gradient))
  gradient.dispose()
  return {
    loss: missed + options.aux_coefficient * aux_loss,
    mse,
    aux_loss,
    pattern: codes,
    activations: f,
    gradients: { ...all, ...output, extras: {} }
  }
}

export const matryoshkaBatchTopk: Architecture = {
  name: "matryoshka_batch_topk",
  extras: () => ({}),
  memory: () => ({}),
  loss,
  latents: ({ b_enc, threshold }, options) => ({
    type: "batch_topk",
    b_enc,
    k: options.k,
    threshold,
    groups: groupSizes(options)
  }),
  threshold: true
}
