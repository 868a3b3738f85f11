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
import type { Unmeasured } from "../../stage/metric.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { EvaluationContext } from "./evaluation-contexts.ts"
import type { SaeModel } from "../sae-model.ts"
import { breathe } from "../../stage/breathe.ts"

/** Nats per token. */
export interface CrossEntropy {
  readonly ce_clean: number
  readonly ce_sae: number
  readonly ce_zero: number
  /** Without a number where zeros do not harm the model: there is no loss to recover. */
  readonly ce_recovered: number | Unmeasured
  /** KL(clean || with the SAE), and with zeros, where they were asked for. */
  readonly kl_sae?: number
  readonly kl_zero?: number
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
  if (![clean, withSae, zero].every(Number.isFinite)) {
    return yield* stageFailed(
      `the cross-entropies are not finite: clean ${clean}, with the SAE ${withSae}, zero ${zero}`
    )
  }
  const result: CrossEntropy = {
    ce_clean: clean,
    ce_sae: withSae,
    ce_zero: zero,
    ce_recovered:
      zero > clean ? (zero - withSae) / (zero - clean) : { unmeasured: `zeros at ${hooks.to} do not harm the model` },
    ...(options.kl ? { kl_sae: sums.klSae / sums.targets, kl_zero: sums.klZero / sums.targets } : {})
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
