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
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { measured, withIntervals } from "../../stage/metric.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { EvaluationContext } from "./evaluation-contexts.ts"
import { lossRecovered } from "./loss-recovered.ts"
import type { SaeModel } from "../sae-model.ts"
import { breathe } from "../../stage/breathe.ts"

/** Tokens of one forward pass. */
const tokensPerPass = 2048

/** Where an SAE reads, and where its output belongs: another hook for transcoders. */
export interface SaeHooks {
  readonly from: string
  readonly to: string
}

/**
 * Nats a token, with intervals over the contexts; `kl_sae` and `kl_zero`, KL(clean || with the SAE) and with zeros, where they
 * were asked for.
 *
 * @param contexts at least one, all of one length
 */
export const evaluateCrossEntropy = Effect.fn("evaluateCrossEntropy")(function* (
  model: RunnableModel,
  sae: SaeModel,
  hooks: SaeHooks,
  contexts: ReadonlyArray<EvaluationContext>,
  options: { readonly kl: boolean; readonly onContexts?: (done: number) => void }
) {
  const time = (contexts[0] as EvaluationContext).ids.length
  const step = Math.max(1, Math.floor(tokensPerPass / time))
  const sums: ContextSums = { clean: [], sae: [], zero: [], klSae: [], klZero: [], targets: [] }
  for (let first = 0; first < contexts.length; first += step) {
    const batch = contexts.slice(first, first + step)
    const part = tf.tidy(() => measure(model, sae, hooks, batch, options.kl))
    for (const name of sumNames) sums[name].push(...part[name])
    options.onContexts?.(first + batch.length)
    yield* breathe
  }
  const all = new Int32Array(contexts.length).fill(1)
  const { ce_clean: clean, ce_sae: withSae, ce_zero: zero, kl_sae, kl_zero } = figuresOf(sums, all)
  if (!Number.isFinite(clean)) {
    return yield* stageFailed(`the cross-entropy of the model as it is is ${clean}`, "The model cannot be measured on.")
  }
  const divergence = (value: number, what: string) => measured(value, `the divergence with ${what} is not finite`)
  const numbers = {
    ce_clean: clean,
    ...lossRecovered(clean, withSae, zero, hooks.to),
    ...(options.kl ? { kl_sae: divergence(kl_sae, "the reconstruction"), kl_zero: divergence(kl_zero, "zeros") } : {})
  }
  const intervals = bootstrapIntervals(
    [contexts.length],
    (times) => figuresOf(sums, times),
    Rng.make(0, "intervals of cross-entropies")
  )
  return withIntervals(numbers, intervals)
})

const sumNames = ["clean", "sae", "zero", "klSae", "klZero", "targets"] as const
/** Of each context: sums over its counted predictions, and how many they are. */
type ContextSums = Record<(typeof sumNames)[number], Array<number>>

const figuresOf = (sums: ContextSums, times: Int32Array) => {
  const targets = drawnSum(times, sums.targets)
  const mean = (name: (typeof sumNames)[number]): number => drawnSum(times, sums[name]) / targets
  const [ce_clean, ce_sae, ce_zero] = [mean("clean"), mean("sae"), mean("zero")]
  return {
    ce_clean,
    ce_sae,
    ce_zero,
    ce_recovered: (ce_zero - ce_sae) / (ce_zero - ce_clean),
    kl_sae: mean("klSae"),
    kl_zero: mean("klZero")
  }
}

/** Sums over the counted predictions of each context of a batch. Call in a tidy. */
const measure = (
  model: RunnableModel,
  sae: SaeModel,
  { from, to }: SaeHooks,
  batch: ReadonlyArray<EvaluationContext>,
  kl: boolean
): ContextSums => {
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
  const byContext = (values: ArrayLike<number>): Array<number> => {
    const sums = Array.from(batch, () => 0)
    for (const [i, position] of at.entries()) sums[Math.floor(position / time)]! += values[i]!
    return sums
  }
  const loss = (normalized: tf.Tensor2D) => byContext(tokenLosses(model, normalized, targets))
  const divergence = (normalized: tf.Tensor2D) =>
    kl ? byContext(tokenDivergences(model, clean, normalized)) : Array.from(batch, () => 0)
  return {
    clean: loss(clean),
    sae: loss(withSae),
    zero: loss(zero),
    klSae: divergence(withSae),
    klZero: divergence(zero),
    targets: byContext(Array.from(at, () => 1))
  }
}
