/**
 * What an SAE's reconstruction costs the model that it was trained on: next-token cross-entropy with the model as it is,
 * with the reconstruction in place of the activation, and with zeros there.
 *
 *   CE recovered = (CE_zero - CE_sae) / (CE_zero - CE_clean)
 *
 * A transcoder's output takes the place of the activation that it was trained to give. Masked tokens (BOS, separators) keep
 * their activations in all three. Source: SAEBench `core`, SAELens `evals.py`.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { type RunnableModel, runModel, type PassOptions } from "../../model/run-model.ts"
import { tokenDivergences, tokenLosses } from "../../model/unembed.ts"
import { measured, type Unmeasured } from "../../stage/metric.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { EvaluationContext } from "./evaluation-contexts.ts"
import { type LossRecovered, lossRecovered } from "./loss-recovered.ts"
import type { SaeModel } from "../sae-model.ts"
import { breathe } from "../../stage/breathe.ts"

/** Nats per token. */
export interface CrossEntropy extends LossRecovered {
  readonly ce_clean: number
  /** KL(clean || with the SAE), and with zeros, where they were asked for. */
  readonly kl_sae?: number | Unmeasured
  readonly kl_zero?: number | Unmeasured
}

/** Tokens of one forward pass. */
const tokensPerPass = 2048

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)

/** Where an SAE reads, and where its output belongs: another hook for transcoders. */
export interface SaeHooks {
  readonly from: string
  readonly to: string
}

/** @param contexts at least one, all of one length */
export const evaluateCrossEntropy = Effect.fn("evaluateCrossEntropy")(function* (
  model: RunnableModel,
  sae: SaeModel,
  hooks: SaeHooks,
  contexts: ReadonlyArray<EvaluationContext>,
  options: { readonly kl: boolean; readonly onContexts?: (done: number) => void }
) {
  const time = (contexts[0] as EvaluationContext).ids.length
  const step = Math.max(1, Math.floor(tokensPerPass / time))
  const sums = { clean: 0, sae: 0, zero: 0, klSae: 0, klZero: 0, targets: 0 }
  for (let first = 0; first < contexts.length; first += step) {
    const batch = contexts.slice(first, first + step)
    const part = tf.tidy(() => measure(model, sae, hooks, batch, options.kl))
    for (const name of Object.keys(sums) as ReadonlyArray<keyof typeof sums>) sums[name] += part[name]
    options.onContexts?.(first + batch.length)
    yield* breathe
  }
  const [clean, withSae, zero] = [sums.clean, sums.sae, sums.zero].map((sum) => sum / sums.targets) as [
    number,
    number,
    number
  ]
  if (!Number.isFinite(clean)) {
    return yield* stageFailed(`the cross-entropy of the model as it is is ${clean}`, "The model cannot be measured on.")
  }
  const divergence = (sum: number, what: string) =>
    measured(sum / sums.targets, `the divergence with ${what} is not finite`)
  const result: CrossEntropy = {
    ce_clean: clean,
    ...lossRecovered(clean, withSae, zero, hooks.to),
    ...(options.kl
      ? { kl_sae: divergence(sums.klSae, "the reconstruction"), kl_zero: divergence(sums.klZero, "zeros") }
      : {})
  }
  return result
})

/** Sums over the counted predictions of a batch. Call in a tidy. */
const measure = (
  model: RunnableModel,
  sae: SaeModel,
  { from, to }: SaeHooks,
  batch: ReadonlyArray<EvaluationContext>,
  kl: boolean
) => {
  const time = (batch[0] as EvaluationContext).ids.length
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
      target.push(context.ids[p + 1] as number)
    }
  }
  const where = tf.tensor1d(at, "int32")
  const targets = Int32Array.from(target)
  const mask = tf.tensor2d(spliced, [ids.length, 1], "bool")
  const last = "ln_final.hook_normalized"
  const run = (options: PassOptions) => runModel(model, { ids, batch: batch.length, time }, options).activations
  const predicting = (normalized: tf.Tensor | undefined): tf.Tensor2D =>
    tf.gather(tf.reshape<tf.Rank.R2>(normalized as tf.Tensor, [ids.length, model.info.d_model]), where)
  const asItIs = run({ hooks: [from, to, last] })
  const activation = asItIs[to] as tf.Tensor
  const own = tf.reshape<tf.Rank.R2>(activation, [ids.length, sae.d_out])
  const replacedBy = (y: tf.Tensor2D): tf.Tensor2D => {
    const there = tf.reshape(tf.where(tf.broadcastTo(mask, own.shape), y, own), activation.shape)
    return predicting(run({ hooks: [last], replace: { [to]: there } })[last])
  }
  const clean = predicting(asItIs[last])
  const withSae = replacedBy(sae.reconstruct(tf.reshape(asItIs[from] as tf.Tensor, [ids.length, sae.d_in])))
  const zero = replacedBy(tf.zerosLike(own))
  const loss = (normalized: tf.Tensor2D): number => total(tokenLosses(model, normalized, targets))
  const divergence = (normalized: tf.Tensor2D): number => (kl ? total(tokenDivergences(model, clean, normalized)) : 0)
  return {
    clean: loss(clean),
    sae: loss(withSae),
    zero: loss(zero),
    klSae: divergence(withSae),
    klZero: divergence(zero),
    targets: target.length
  }
}
