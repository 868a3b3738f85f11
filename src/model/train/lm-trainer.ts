/**
 * Trains a GPT-2 step by step. The caller owns the loop: it asks for a step, reports progress, and saves `state()` where
 * it wants to be able to go on. A trainer made from a saved state gives the same bytes as one that was never stopped.
 */
import * as tf from "@tensorflow/tfjs-core"
import { gpt2Parameters, type Gpt2Config } from "../gpt2-config.ts"
import { type AdamWSlot, adamWStep } from "./adam-w.ts"
import { lossAndGradients } from "./gpt2-gradients.ts"
import { initialWeights } from "./initial-weights.ts"
import { type LabelledBatch, targetKind, type TrainingRows } from "./training-rows.ts"

export interface LmTrainerOptions {
  readonly seed: number
  readonly steps: number
  /** Peak learning rate: reached after `warmup` steps, then a cosine down to `floor` times the peak. */
  readonly lr: number
  readonly warmup: number
  readonly floor: number
  readonly weightDecay: number
  readonly clip: number
}

export interface LmStep {
  /** Steps done, this one included. */
  readonly step: number
  /** Weighted mean over all targets, nats. */
  readonly loss: number
  /** Plain mean over text targets, nats; undefined when the batch has none. */
  readonly textLoss: number | undefined
  readonly gradientNorm: number
  readonly lr: number
}

export interface LmState {
  readonly json: { readonly step: number }
  /** `w/`, `m/` and `v/` before the parameter's name. */
  readonly tensors: Readonly<Record<string, Float32Array<ArrayBuffer>>>
}

export interface LmTrainer {
  readonly done: () => number
  /** @throws RangeError when the gradient is not finite */
  readonly next: () => LmStep
  /** Share of first-letter targets of the coming batch that the model gets right; undefined when there are none. */
  readonly letterAccuracy: () => number | undefined
  readonly state: () => LmState
  readonly weights: () => Readonly<Record<string, Float32Array<ArrayBuffer>>>
}

export const learningRate = (step: number, { lr, warmup, floor, steps }: LmTrainerOptions): number => {
  if (step < warmup) return (lr * (step + 1)) / warmup
  const done = (step - warmup) / Math.max(1, steps - warmup)
  return lr * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * done)))
}

export const makeLmTrainer = (
  config: Gpt2Config,
  rows: TrainingRows,
  options: LmTrainerOptions,
  resume?: LmState
): LmTrainer => {
  const parameters = gpt2Parameters(config)
  const start = resume === undefined ? initialWeights(config, options.seed) : undefined
  let step = resume?.json.step ?? 0
  const saved = (prefix: string, name: string, length: number): Float32Array<ArrayBuffer> => {
    if (resume === undefined) return prefix === "w" ? (start?.[name] as Float32Array<ArrayBuffer>) : new Float32Array(length)
    const values = resume.tensors[`${prefix}/${name}`]
    if (values?.length !== length) throw new RangeError(`the saved state has no ${prefix}/${name} of ${length} numbers`)
    return values.slice()
  }
  const slots: ReadonlyArray<AdamWSlot> = parameters.map(({ name, shape }) => {
    const length = shape.reduce((a, b) => a * b, 1)
    return {
      value: saved("w", name, length),
      m: saved("m", name, length),
      v: saved("v", name, length),
      decay: shape.length > 1
    }
  })
  const tensors = (): Record<string, tf.Tensor> =>
    Object.fromEntries(parameters.map(({ name, shape }, i) => [name, tf.tensor((slots[i] as AdamWSlot).value, [...shape])]))

  const next = (): LmStep => {
    const batch = rows.at(step)
    const lr = learningRate(step, options)
    let loss = 0
    let crossEntropy = new Float32Array()
    let gradients: ReadonlyArray<Float32Array> = []
    // Arrays leave by assignment: tidy would search a returned array for tensors, element by element.
    tf.tidy(() => {
      const result = lossAndGradients(config, tensors(), batch)
      loss = result.loss
      crossEntropy = result.crossEntropy as Float32Array<ArrayBuffer>
      gradients = parameters.map(({ name }) => result.gradients[name]?.dataSync() as Float32Array)
    })
    step++
    const gradientNorm = adamWStep(slots, gradients, step, lr, {
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: options.weightDecay,
      clip: options.clip
    })
    return { step, loss, textLoss: textLoss(batch, crossEntropy), gradientNorm, lr }
  }

  const letterAccuracy = (): number | undefined => {
    const batch = rows.at(step)
    const at: Array<number> = []
    for (const [i, kind] of batch.kinds.entries()) if (kind === targetKind.letter) at.push(i)
    if (at.length === 0) return undefined
    let right = 0
    tf.tidy(() => {
      const weights = tensors()
      const { normalized } = lossAndGradients(config, weights, batch)
      const chosen = tf.gather(normalized, tf.tensor1d(at, "int32"))
      const best = tf.argMax(tf.matMul(chosen, weights["transformer.wte.weight"] as tf.Tensor2D, false, true), 1).dataSync()
      for (const [i, target] of at.entries()) if (best[i] === batch.targets[target]) right++
    })
    return right / at.length
  }

  return {
    done: () => step,
    next,
    letterAccuracy,
    weights: () => Object.fromEntries(parameters.map(({ name }, i) => [name, (slots[i] as AdamWSlot).value.slice()])),
    state: () => ({
      json: { step },
      tensors: Object.fromEntries(
        parameters.flatMap(({ name }, i) => {
          const { value, m, v } = slots[i] as AdamWSlot
          return [
            [`w/${name}`, value.slice()],
            [`m/${name}`, m.slice()],
            [`v/${name}`, v.slice()]
          ]
        })
      )
    })
  }
}

const textLoss = (batch: LabelledBatch, crossEntropy: Float32Array): number | undefined => {
  let sum = 0
  let count = 0
  for (const [i, kind] of batch.kinds.entries()) {
    if (kind !== targetKind.text || (batch.weights[i] as number) === 0) continue
    sum += crossEntropy[i] as number
    count++
  }
  return count === 0 ? undefined : sum / count
}
