/**
 * Trains a GPT-2 step by step. The caller owns the loop: it asks for a step, reports progress, and saves `state()` where
 * it wants to be able to go on. A trainer made from a saved state gives the same bytes as one that was never stopped.
 */
import * as tf from "@tensorflow/tfjs-core"
import { gpt2Parameters, type Gpt2Config } from "../decoder/gpt2-config.ts"
import { makeAdamW, type ParameterArrays } from "./adam-w.ts"
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
  readonly tensors: ParameterArrays
}

export interface LmTrainer {
  readonly done: () => number
  /** @throws RangeError when the gradient is not finite */
  readonly next: () => LmStep
  /** Share of first-letter targets of the coming batch that the model gets right; undefined when there are none. */
  readonly letterAccuracy: () => number | undefined
  readonly state: () => LmState
  readonly weights: () => ParameterArrays
  readonly dispose: () => void
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
  { resume, start }: { readonly resume?: LmState | undefined; readonly start?: ParameterArrays | undefined } = {}
): LmTrainer => {
  const initial = start ?? initialWeights(config, options.seed)
  const adam = makeAdamW(
    gpt2Parameters(config).map(({ name, shape }) => ({ name, shape, values: initial[name] as Float32Array })),
    { beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: options.weightDecay, clip: options.clip }
  )
  if (resume !== undefined) adam.restore(resume.tensors)
  let step = resume?.json.step ?? 0

  const next = (): LmStep => {
    const batch = rows.at(step)
    const lr = learningRate(step, options)
    // Results leave by assignment: tidy would search a returned array for tensors, element by element.
    let loss = 0
    let text: number | undefined
    let gradientNorm = 0
    tf.tidy(() => {
      const parameters = adam.read()
      const result = lossAndGradients(config, parameters, batch)
      loss = result.loss
      text = textLoss(batch, result.crossEntropy)
      // Else the update would copy each variable first.
      for (const parameter of Object.values(parameters)) parameter.dispose()
      gradientNorm = adam.apply(result.gradients, step + 1, lr)
    })
    step++
    return { step, loss, textLoss: text, gradientNorm, lr }
  }

  const letterAccuracy = (): number | undefined => {
    const batch = rows.at(step)
    const at: Array<number> = []
    for (const [i, kind] of batch.kinds.entries()) if (kind === targetKind.letter) at.push(i)
    if (at.length === 0) return undefined
    let right = 0
    tf.tidy(() => {
      const parameters = adam.read()
      const { normalized } = lossAndGradients(config, parameters, batch)
      const chosen = tf.gather(normalized, tf.tensor1d(at, "int32"))
      const logits = tf.matMul(chosen, parameters["transformer.wte.weight"] as tf.Tensor2D, false, true)
      const best = tf.argMax(logits, 1).dataSync()
      for (const [i, target] of at.entries()) if (best[i] === batch.targets[target]) right++
    })
    return right / at.length
  }

  return {
    done: () => step,
    next,
    letterAccuracy,
    weights: adam.weights,
    state: () => ({ json: { step }, tensors: adam.state() }),
    dispose: adam.dispose
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
