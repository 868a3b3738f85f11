/**
 * Contexts with a latent clamped: its activation is set to one value at every token that is not masked, and what the SAE does not
 * reconstruct is kept (Templeton et al., Scaling Monosemanticity, "Methodological details"). So what is added to the activation is
 * (value - the latent's activation) times its decoder row; the control adds a random direction of that length.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { RunnableModel } from "../../model/run-model.ts"
import { tokenLosses } from "../../model/unembed.ts"
import { lastHook, makeContextBatch } from "../../sae/evaluate/context-batch.ts"
import type { EvaluationContext } from "../../sae/evaluate/evaluation-contexts.ts"
import type { SaeModel } from "../../sae/sae-model.ts"
import { makePattern, withValue } from "../../tensor/kernels/sparse-pattern.ts"
import type { SteeredPoint } from "./at-damage.ts"
import { mean } from "../../numeric/mean.ts"

export interface Clamp {
  readonly latent: number
  /** Token whose probability is looked at. */
  readonly target: number
  /** What the latent is set to, and which multiple of its maximum that is. */
  readonly values: ReadonlyArray<{ readonly multiple: number; readonly value: number }>
  /** [d_in] of length 1. */
  readonly random: Float32Array
}

export type ClampedFigures = {
  readonly clean: SteeredPoint
  /** Of each value. */
  readonly latent: Array<SteeredPoint>
  readonly random: Array<SteeredPoint>
}

/** What the SAE adds to each row for a unit of a latent's activation, [rows, d_in]. Call in a tidy. */
export const unitOf = (sae: SaeModel, x: tf.Tensor2D, latent: number): tf.Tensor2D => {
  const rows = x.shape[0]
  const codes = (every: 0 | 1) => {
    const starts = Int32Array.from({ length: rows + 1 }, (_, row) => row * every)
    const pattern = makePattern(sae.d_sae, starts, new Int32Array(rows * every).fill(latent))
    return withValue(pattern, tf.ones<tf.Rank.R1>([rows * every]))
  }
  return tf.sub(sae.decode(codes(1), x), sae.decode(codes(0), x))
}

/** Activations of a latent on each row, [rows, 1]. Call in a tidy. */
export const activationsOf = (sae: SaeModel, x: tf.Tensor2D, latent: number): tf.Tensor2D => {
  const { rows, rowStart, latent: latents, value } = sae.encode(x)
  const values = value.dataSync<"float32">()
  const own = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    for (let i = rowStart[row]!; i < rowStart[row + 1]!; i++) if (latents[i] === latent) own[row] = values[i]!
  }
  return tf.tensor2d(own, [rows, 1])
}

/** Synchronous. @param contexts of one length, as many as one pass takes. @returns of each clamp */
export const clampedFigures = (
  model: RunnableModel,
  sae: SaeModel,
  hook: string,
  contexts: ReadonlyArray<EvaluationContext>,
  clamp: Clamp
): ClampedFigures =>
  tf.tidy(() => {
    const { latent, target, values, random } = clamp
    const batch = makeContextBatch(model, contexts)
    const asItIs = batch.run({ hooks: [hook, lastHook] })
    const own = asItIs[hook]!
    const clean = batch.predicting(asItIs[lastHook])
    const predictions = batch.targets.reduce((sum, n) => sum + n, 0)
    const total = (sums: ReadonlyArray<number>): number => sums.reduce((sum, x) => sum + x, 0) / predictions
    const figures = (there: tf.Tensor2D, multiple: number, kl: number): SteeredPoint => {
      const losses = tokenLosses(model, there, new Int32Array(predictions).fill(target))
      return {
        multiple,
        kl,
        ce: total(batch.losses(there)),
        probability: mean(losses.map((loss) => Math.exp(-loss)))
      }
    }
    const x = tf.reshape<tf.Rank.R2>(own, [batch.tokens, sae.d_in])
    const unit = unitOf(sae, x, latent)
    const activations = activationsOf(sae, x, latent)
    const elsewhere = tf.mul<tf.Tensor2D>(tf.norm(unit, 2, 1, true), tf.tensor2d(random, [1, sae.d_in]))
    const along = (direction: tf.Tensor2D): Array<SteeredPoint> =>
      values.map(({ multiple, value }) =>
        tf.tidy(() => {
          const rows = tf.add<tf.Tensor2D>(x, tf.mul(tf.sub(value, activations), direction))
          const there = batch.replacedBy(hook, own, rows)
          return figures(there, multiple, total(batch.divergences(clean, there)))
        })
      )
    const result = { clean: figures(clean, 0, 0), latent: along(unit), random: along(elsewhere) }
    tf.dispose(asItIs)
    return result
  })
