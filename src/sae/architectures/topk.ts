/** TopK: the k largest pre-activations of each row, in training and in use. Gao et al. 2024, arXiv 2406.04093, 2.3. */
import * as tf from "@tensorflow/tfjs-core"
import type { SparsePattern } from "../../tensor/kernels/sparse-pattern.ts"
import { encoderInput, reconstruct, residualOf, weightGradients } from "../loss/active-pass.ts"
import { auxiliary } from "../loss/auxiliary.ts"
import type { Architecture, Batch, BatchLoss } from "../architecture.ts"
import { choosePairs } from "../loss/choose-pairs.ts"
import { multiTopkLoss } from "./multi-topk.ts"
import { relu, throughRelu } from "./relu.ts"

/** The pairs of a gradient that has a block of rows for every prefix of the latents: each latent's are in its own block. */
const inBlocks = (pattern: SparsePattern, ends: Int32Array): SparsePattern => {
  const block = new Int32Array(pattern.latents)
  for (let g = 1; g < ends.length; g++) block.fill(g, ends[g - 1], ends[g])
  const row = pattern.row.map((r, i) => (block[pattern.latent[i] as number] as number) * pattern.rows + r)
  return { ...pattern, rows: pattern.rows * ends.length, row }
}

/**
 * The loss of an SAE that keeps the relu of the k largest of every row, or of k times as many as rows of the batch. With `prefixes` of the latents it is the sum of theirs
 * times a weight; else that of all latents.
 */
export const chosenLoss = (
  batch: Batch,
  from: "rows" | "batch",
  prefixes?: { readonly ends: Int32Array; readonly weight: number }
): BatchLoss => {
  const rows = batch.x.shape[0]
  const input = encoderInput(batch)
  const { pattern, z, memory } = choosePairs(batch, input, from)
  const f = relu(z)
  const made = reconstruct(batch, pattern, f, prefixes)
  const { mse, loss, gradient, dots } = made
  const dz = throughRelu(f, dots)
  const { aux_loss, more } = auxiliary(batch, input, () => residualOf(made, rows))
  const gradients = weightGradients(batch, input, {
    pattern,
    dz,
    decoder: { pattern: prefixes === undefined ? pattern : inBlocks(pattern, prefixes.ends), value: f, x: gradient },
    // Every prefix has b_dec in it: the first block is the sum of all.
    ...(prefixes === undefined ? {} : { output: tf.slice2d(gradient, [0, 0], [rows, gradient.shape[1]]) }),
    more
  })
  return {
    loss: loss + batch.options.aux_coefficient * aux_loss,
    mse,
    aux_loss,
    pattern,
    activations: f,
    gradients: { ...gradients, extras: {} },
    ...(memory === undefined ? {} : { memory })
  }
}

export const topk: Architecture = {
  name: "topk",
  extras: () => ({}),
  memory: () => ({}),
  loss: (batch) => (batch.options.multi_topk ? multiTopkLoss(batch) : chosenLoss(batch, "rows")),
  latents: ({ b_enc }, { k }) => ({ type: "topk", b_enc, k, rescale: false, threshold: null }),
  threshold: false
}
