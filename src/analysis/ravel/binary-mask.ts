/**
 * Which latents carry an attribute: a mask over them, learnt so that swapping them makes the answer the source's where the attribute is asked
 * for, and leaves it where another one is (multi-task differentiable binary masking, MDBM). A latent's share is sigmoid(logit /
 * temperature); the temperature falls from 1 to 1e-4, evenly in the logarithm; in the end a latent is taken whose logit is above 0.
 *
 * Source: SAEBench 0.6.0, `ravel/mdbm.py`, `train_mdbm` (Karvonen et al., 2503.09532; Huang et al., 2402.17700, section 3): cross-entropy of
 * the first token of the answer, Adam, logits from 0.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { EntityPair } from "./entity-pairs.ts"
import { rowGradient } from "./row-gradient.ts"
import { type SwapSetting, swapper } from "./swapped-rows.ts"

export interface MaskOptions {
  readonly epochs: number
  readonly lr: number
}

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]
const coldest = 1e-4

/** Synchronous. @returns mean cross-entropy, nats, and its gradient by the mask [d_sae] */
const maskGradient = (
  setting: SwapSetting,
  pairs: ReadonlyArray<EntityPair>,
  shares: Float32Array
): { readonly loss: number; readonly gradient: Float32Array } => {
  const out: { loss: number; gradient: Float32Array } = { loss: 0, gradient: shares }
  tf.tidy(() => {
    const swapped = swapper(setting, pairs)
    const mask = tf.tensor1d(shares)
    const { loss, byRow } = rowGradient(setting, pairs, swapped(mask))
    const byShare = tf.grad((x) => tf.sum(tf.mul(swapped(x as tf.Tensor1D), byRow)))(mask)
    out.loss = loss
    out.gradient = byShare.dataSync<"float32">().slice()
  })
  return out
}

/** Synchronous, step by step. @yields the mean cross-entropy of each step; @returns logits [d_sae] */
export const learnMask = function* (
  setting: SwapSetting,
  pairs: ReadonlyArray<EntityPair>,
  { epochs, lr }: MaskOptions
): Generator<number, Float64Array> {
  const [logits, first, second] = Array.from({ length: 3 }, () => new Float64Array(setting.sae.d_sae)) as [
    Float64Array,
    Float64Array,
    Float64Array
  ]
  const perEpoch = Math.ceil(pairs.length / setting.batch)
  const steps = epochs * perEpoch
  for (let step = 0; step < steps; step++) {
    const temperature = coldest ** (step / Math.max(1, steps - 1))
    const shares = Float32Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit / temperature)))
    const at = (step % perEpoch) * setting.batch
    const { loss, gradient } = maskGradient(setting, pairs.slice(at, at + setting.batch), shares)
    const [correct1, correct2] = [1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1)]
    for (let n = 0; n < logits.length; n++) {
      const share = shares[n]!
      const g = (gradient[n]! * share * (1 - share)) / temperature
      first[n] = beta1 * first[n]! + (1 - beta1) * g
      second[n] = beta2 * second[n]! + (1 - beta2) * g * g
      logits[n]! -= (lr * (first[n]! / correct1)) / (Math.sqrt(second[n]! / correct2) + epsilon)
    }
    yield loss
  }
  return logits
}

export const chosenLatents = (logits: Float64Array): ReadonlyArray<number> =>
  Array.from(logits.keys()).filter((latent) => logits[latent]! > 0)
