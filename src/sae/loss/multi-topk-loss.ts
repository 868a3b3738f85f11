/**
 * Multi-TopK: to the loss with the k largest pre-activations of each row an eighth of the same loss with the 4 k largest
 * is added, so that codes stay useful at other k. Gao et al. 2024, arXiv 2406.04093, section 5.2; sparsify `multi_topk`.
 */
import * as tf from "@tensorflow/tfjs-core"
import { rowSelector } from "../../tensor/kernels/select-largest.ts"
import { makePattern, type SparsePattern } from "../../tensor/kernels/sparse-pattern.ts"
import { encodedPairs, encoderInput, reconstruct, residualOf, weightGradients } from "./active-pass.ts"
import type { Batch, BatchLoss } from "../architecture.ts"
import type { ChoiceOptions } from "../settings/choice-options.ts"
import { latentsChosen } from "../settings/schedules.ts"
import { auxiliaryLoss } from "./auxiliary-loss.ts"
import { relu, throughRelu } from "./relu.ts"

const times = 4
const share = 1 / 8

interface Chosen {
  readonly pattern: SparsePattern
  readonly z: Float32Array
}

/** The k largest of every row of more than k; equal ones: the lower latent. */
const largestOfRows = ({ pattern, z }: Chosen, k: number): Chosen => {
  const { rows, latents, rowStart, latent } = pattern
  const kept = new Int32Array(rows * k)
  const { select, guess } = rowSelector(k, latents)
  for (let row = 0; row < rows; row++) {
    const start = rowStart[row] as number
    select(z, start, (rowStart[row + 1] as number) - start, kept, row * k, guess())
    for (let i = row * k; i < (row + 1) * k; i++) kept[i] = (kept[i] as number) + start
  }
  const starts = Int32Array.from({ length: rows + 1 }, (_, row) => row * k)
  return {
    pattern: makePattern(
      latents,
      starts,
      kept.map((i) => latent[i] as number)
    ),
    z: Float32Array.from(kept, (i) => z[i] as number)
  }
}

/** The gradients of one choice, times `weight`. */
const part = (batch: Batch<ChoiceOptions>, { pattern, z }: Chosen, weight: number) => {
  const f = relu(z)
  const made = reconstruct(batch, pattern, f, { ends: Int32Array.of(pattern.latents), weight })
  const dz = throughRelu(f, made.dots)
  return { pattern, f, made, dz }
}

/** Adds to values on `many` those on `few`, all of whose pairs it has. */
const addWhereChosen = (many: SparsePattern, into: Float32Array, few: SparsePattern, values: Float32Array): void => {
  let at = 0
  for (let i = 0; i < values.length; i++) {
    while (many.row[at] !== few.row[i] || many.latent[at] !== few.latent[i]) at += 1
    into[at] = (into[at] as number) + (values[i] as number)
  }
}

/** The pairs of both, those of the second on rows of their own. */
const below = (first: SparsePattern, second: SparsePattern): SparsePattern => ({
  latents: first.latents,
  rows: first.rows + second.rows,
  rowStart: Int32Array.from([...first.rowStart, ...second.rowStart.subarray(1).map((n) => n + first.latent.length)]),
  row: Int32Array.from([...first.row, ...second.row.map((row) => row + first.rows)]),
  latent: Int32Array.from([...first.latent, ...second.latent])
})

export const multiTopkLoss = (batch: Batch<ChoiceOptions>): BatchLoss => {
  const { options } = batch
  const input = encoderInput(batch)
  const k = latentsChosen(options, batch.step, batch.x.shape[1])
  const choice = { from: "rows", count: Math.min(times * k, options.d_sae) } as const
  const { candidates, ...chosen } = encodedPairs(batch, input, batch.W_enc, batch.b_enc, choice)
  const few = part(batch, largestOfRows(chosen, k), 1)
  const many = part(batch, chosen, share)
  const { aux_loss, more } = auxiliaryLoss(batch, input, () => residualOf(few.made, batch.x.shape[0]))
  addWhereChosen(many.pattern, many.dz, few.pattern, few.dz)
  const both = [few.made.gradient, many.made.gradient] as const
  const gradients = weightGradients(batch, input, {
    pattern: many.pattern,
    dz: many.dz,
    decoder: {
      pattern: below(few.pattern, many.pattern),
      value: Float32Array.from([...few.f, ...many.f]),
      x: tf.concat2d([...both], 0)
    },
    columns: tf.add<tf.Tensor1D>(few.made.columns, many.made.columns),
    output: tf.add<tf.Tensor2D>(...both),
    more
  })
  tf.dispose([...both, few.made.columns, many.made.columns])
  return {
    loss: few.made.loss + many.made.loss + options.aux_coefficient * aux_loss,
    mse: few.made.mse,
    aux_loss,
    pattern: few.pattern,
    activations: few.f,
    candidates,
    gradients: { ...gradients, extras: {} }
  }
}
