/** The loss of SAEs that choose k latents. */
import * as tf from "@tensorflow/tfjs-core"
import type { SparsePattern } from "../../tensor/kernels/sparse-pattern.ts"
import type { Batch, BatchLoss } from "../architecture.ts"
import type { ChoiceOptions } from "../settings/choice-options.ts"
import { encoderInput, reconstruct, residualOf, weightGradients } from "./active-pass.ts"
import { auxiliaryLoss } from "./auxiliary-loss.ts"
import { choosePairs } from "./choose-pairs.ts"
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
  batch: Batch<ChoiceOptions>,
  from: "rows" | "batch",
  prefixes?: { readonly ends: Int32Array; readonly weight: number }
): BatchLoss => {
  const rows = batch.x.shape[0]
  const input = encoderInput(batch)
  const { pattern, z, candidates } = choosePairs(batch, input, from)
  const f = relu(z)
  const made = reconstruct(batch, pattern, f, prefixes)
  const { mse, loss, gradient, dots, columns } = made
  const dz = throughRelu(f, dots)
  const { aux_loss, more } = auxiliaryLoss(batch, input, () => residualOf(made, rows))
  const gradients = weightGradients(batch, input, {
    pattern,
    dz,
    decoder: { pattern: prefixes === undefined ? pattern : inBlocks(pattern, prefixes.ends), value: f, x: gradient },
    columns,
    // Every prefix has b_dec in it: the first block is the sum of all.
    output: prefixes === undefined ? undefined : tf.slice2d(gradient, [0, 0], [rows, gradient.shape[1]]),
    more
  })
  return {
    loss: loss + batch.options.aux_coefficient * aux_loss,
    mse,
    aux_loss,
    pattern,
    activations: f,
    candidates,
    gradients: { ...gradients, extras: {} }
  }
}
