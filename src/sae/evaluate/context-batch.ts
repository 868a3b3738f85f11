/**
 * A few contexts in the model: what it predicts as it is, and with something else in an activation's place. Masked tokens (BOS,
 * separators) and text that is not held out keep their activations.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type PassOptions, type RunnableModel, type RunResult, runModel } from "../../model/run-model.ts"
import { divergencesFrom, type DivergencesFrom } from "../../model/token-divergences.ts"
import { tokenLosses, tokenNormalizers } from "../../model/unembed.ts"
import type { EvaluationContext } from "./evaluation-contexts.ts"

/** Tokens of one forward pass. */
const tokensPerPass = 2048

/** What the unembedding reads. */
export const lastHook = "ln_final.hook_normalized"

/** As many contexts as one pass takes, in order. @param contexts of one length */
export const contextBatches = (
  contexts: ReadonlyArray<EvaluationContext>
): ReadonlyArray<ReadonlyArray<EvaluationContext>> => {
  const step = Math.max(1, Math.floor(tokensPerPass / (contexts[0]?.ids.length ?? 1)))
  return Array.from({ length: Math.ceil(contexts.length / step) }, (_, i) => contexts.slice(i * step, (i + 1) * step))
}

export interface ContextBatch {
  /** Tokens of the batch. */
  readonly tokens: number
  readonly run: (options: PassOptions) => RunResult["activations"]
  /** Of what `lastHook` gives: the rows that predict, [predictions, d_model]. */
  readonly predicting: (normalized: tf.Tensor | undefined) => tf.Tensor2D
  /** The same, with these rows [tokens, width] in place of the activation `own` of the hook, where tokens are spliced. */
  readonly replacedBy: (hook: string, own: tf.Tensor, rows: tf.Tensor2D) => tf.Tensor2D
  /** Cross-entropies, summed over each context. */
  readonly losses: (predicting: tf.Tensor2D) => ReadonlyArray<number>
  /** KL(clean || other), summed over each context. */
  readonly divergences: (clean: tf.Tensor2D, other: tf.Tensor2D) => ReadonlyArray<number>
  /** Counted predictions of each context. */
  readonly targets: ReadonlyArray<number>
}

/** Call in a tidy. */
export const makeContextBatch = (model: RunnableModel, batch: ReadonlyArray<EvaluationContext>): ContextBatch => {
  const time = batch[0]!.ids.length
  const ids = new Int32Array(batch.length * time)
  const spliced = new Uint8Array(ids.length)
  const at: Array<number> = []
  const target: Array<number> = []
  for (const [c, context] of batch.entries()) {
    ids.set(context.ids, c * time)
    spliced.set(context.spliced, c * time)
    for (const [p, counts] of context.counted.entries()) {
      if (counts === 0) continue
      at.push(c * time + p)
      target.push(context.ids[p + 1]!)
    }
  }
  const where = tf.tensor1d(at, "int32")
  const targets = Int32Array.from(target)
  const mask = tf.tensor2d(spliced, [ids.length, 1], "bool")
  const byContext = (values: ArrayLike<number>): ReadonlyArray<number> => {
    const sums = Array.from(batch, () => 0)
    for (const [i, position] of at.entries()) sums[Math.floor(position / time)]! += values[i]!
    return sums
  }
  const run: ContextBatch["run"] = (options) => runModel(model, { ids, batch: batch.length, time }, options).activations
  const predicting: ContextBatch["predicting"] = (normalized) =>
    tf.gather(tf.reshape<tf.Rank.R2>(normalized!, [ids.length, model.info.d_model]), where)
  const replacedBy: ContextBatch["replacedBy"] = (hook, own, rows) => {
    const flat = tf.reshape<tf.Rank.R2>(own, [ids.length, -1])
    const there = tf.reshape(tf.where(tf.broadcastTo(mask, flat.shape), rows, flat), own.shape)
    const result = run({ hooks: [lastHook], replace: { [hook]: there } })
    const rowsThere = predicting(result[lastHook])
    tf.dispose(result)
    return rowsThere
  }
  // A loss and a divergence of the same rows have them in common, and all divergences those of the clean ones.
  const known = new WeakMap<tf.Tensor2D, Float64Array>()
  const normalizers = (rows: tf.Tensor2D): Float64Array => {
    const found = known.get(rows) ?? tokenNormalizers(model, rows)
    known.set(rows, found)
    return found
  }
  const fromRows = new WeakMap<tf.Tensor2D, DivergencesFrom>()
  const divergences: ContextBatch["divergences"] = (clean, other) => {
    const from = fromRows.get(clean) ?? divergencesFrom(model, clean, normalizers(clean))
    fromRows.set(clean, from)
    return byContext(from.to(other, normalizers(other)))
  }
  return {
    tokens: ids.length,
    run,
    predicting,
    replacedBy,
    losses: (normalized) => byContext(tokenLosses(model, normalized, targets, () => normalizers(normalized))),
    divergences,
    targets: byContext(Array.from(at, () => 1))
  }
}
