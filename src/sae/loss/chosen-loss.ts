/** The loss of SAEs that choose k latents, and what else training them needs of the engine. */
import * as tf from "@tensorflow/tfjs-core"
import type { SparsePattern } from "../../tensor/kernels/sparse-pattern.ts"
import type { Batch, BatchLoss, TrainingMethod } from "../architecture.ts"
import type { ChoiceOptions } from "../settings/choice-options.ts"
import { encoderInput, reconstruct, residualOf, weightGradients } from "./active-pass.ts"
import { auxiliaryLoss } from "./auxiliary-loss.ts"
import { choosePairs, precisionProblem, precisionUsed } from "./choose-pairs.ts"
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
  const { pattern, z, memory } = choosePairs(batch, input, from)
  const f = relu(z)
  const made = reconstruct(batch, pattern, f, prefixes)
  const { mse, loss, gradient, dots } = made
  const dz = throughRelu(f, dots)
  const { aux_loss, more } = auxiliaryLoss(batch, input, () => residualOf(made, rows))
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

/** How an architecture is trained whose loss is one of those that choose. */
export const chosenMethod = <Own extends ChoiceOptions>(
  loss: (batch: Batch<Own>) => BatchLoss
): TrainingMethod<Own> => ({ loss, problem: precisionProblem, outcome: precisionUsed })
