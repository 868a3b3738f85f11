/**
 * The model's losses as it is, and with one hook's activation ablated: by zeros (SAEBench, SAELens), by its mean over held-out
 * tokens, by the activations of other held-out tokens (resample ablation, Chan et al., "Causal scrubbing", 2022).
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { AblationsFile } from "../../kinds/ablations.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import type { Rng } from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import type { AblatedRows } from "./ablated-rows.ts"
import { contextBatches, lastHook, makeContextBatch } from "./context-batch.ts"
import type { EvaluationContext } from "./evaluation-contexts.ts"

/** What an activation is replaced by. */
export const ablationNames = ["zero", "mean", "resample"] as const
export type AblationName = (typeof ablationNames)[number]

export type AblationSums = Pick<AblationsFile, "targets" | "ce" | "kl">

/** @param contexts at least one, all of one length */
export const measureAblations = Effect.fn("measureAblations")(function* (
  model: RunnableModel,
  hook: string,
  rows: AblatedRows,
  contexts: ReadonlyArray<EvaluationContext>,
  options: { readonly kl: boolean; readonly rng: Rng; readonly onContexts?: (done: number) => void }
) {
  const none = (): Array<number | null> => []
  const ce = { clean: none(), zero: none(), mean: none(), resample: none() }
  const kl = { zero: none(), mean: none(), resample: none() }
  const targets: Array<number> = []
  const d = rows.mean.length
  const told = (sums: ReadonlyArray<number>) => sums.map((sum) => (Number.isFinite(sum) ? sum : null))
  let done = 0
  for (const part of contextBatches(contexts)) {
    tf.tidy(() => {
      const batch = makeContextBatch(model, part)
      const asItIs = batch.run({ hooks: [hook, lastHook] })
      const own = asItIs[hook]!
      const clean = batch.predicting(asItIs[lastHook])
      targets.push(...batch.targets)
      ce.clean.push(...told(batch.losses(clean)))
      const resampled = Int32Array.from({ length: batch.tokens }, () => options.rng.int(rows.poolRows))
      const instead: Readonly<Record<AblationName, () => tf.Tensor2D>> = {
        zero: () => tf.zeros([batch.tokens, d]),
        mean: () => tf.tile(tf.tensor2d(rows.mean, [1, d]), [batch.tokens, 1]),
        resample: () => tf.tensor2d(gathered(rows.pool, d, resampled), [batch.tokens, d])
      }
      for (const name of ablationNames) {
        tf.tidy(() => {
          const ablated = batch.replacedBy(hook, own, instead[name]())
          ce[name].push(...told(batch.losses(ablated)))
          if (options.kl) kl[name].push(...told(batch.divergences(clean, ablated)))
        })
      }
      tf.dispose(asItIs)
    })
    done += part.length
    options.onContexts?.(done)
    yield* breathe
  }
  const sums: AblationSums = { targets, ce, kl }
  return sums
})

const gathered = (rows: Float32Array, d: number, indices: Int32Array): Float32Array => {
  const result = new Float32Array(indices.length * d)
  for (const [i, row] of indices.entries()) result.set(rows.subarray(row * d, (row + 1) * d), i * d)
  return result
}
