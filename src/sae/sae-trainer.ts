/**
 * One SAE in training: its weights and Adam moments on the engine, its counters on the host. `step` takes a batch in the
 * scale that training works in and is synchronous; `train-sae.ts` is the loop around it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type AdamState, type AdamVariable, makeAdamVariable } from "../tensor/adam-variable.ts"
import type { Architecture } from "./architecture.ts"
import { initialWeights } from "./initial-weights.ts"
import { sparseLoss } from "./sparse-loss.ts"
import { learningRate, type ResolvedOptions } from "./training-options.ts"
import { projectGradient, unitRows } from "./unit-rows.ts"

export interface StepMetrics {
  readonly lr: number
  readonly loss: number
  /** Mean over rows of |x - x_hat|^2, in the scale of training. */
  readonly mse: number
  readonly aux_loss: number
  /** Latents with a positive activation, mean over rows. */
  readonly l0: number
  /** Latents that count as dead after this step. */
  readonly dead: number
}

export interface TrainerState {
  /** Steps done. */
  readonly step: number
  /** Latent-major, [d_sae, d_in], as is W_dec. */
  readonly W_enc: AdamState
  readonly b_enc: AdamState
  readonly W_dec: AdamState
  readonly b_dec: AdamState
  /** Rows since each latent last fired. */
  readonly silent: Int32Array
}

export interface SaeTrainer {
  /** One update from x [rows, d_in] (not disposed). */
  readonly step: (x: tf.Tensor2D) => StepMetrics
  readonly steps: () => number
  readonly exportState: () => TrainerState
  readonly restoreState: (state: TrainerState) => void
  /** Smallest positive activation that the architecture chooses in this batch, with the weights as they are. */
  readonly smallestActivation: (x: tf.Tensor2D) => number
  readonly dispose: () => void
}

const mostSilent = 2 ** 31 - 1

export interface TrainerStart {
  readonly d_in: number
  /** First b_dec, in the scale of training. */
  readonly b_dec: Float32Array
  /** Mean |x - mean x|^2 of the rows, in the scale of training. */
  readonly variance: number
}

export const makeSaeTrainer = (
  architecture: Architecture,
  options: ResolvedOptions,
  start: TrainerStart
): SaeTrainer => {
  const { d_sae, k } = options
  const { d_in } = start
  const variable = <R extends tf.Rank>(values: Float32Array, shape: tf.ShapeMap[R]): AdamVariable<R> => {
    const tensor = tf.tensor<R>(values, shape, "float32")
    const made = makeAdamVariable(tensor)
    tensor.dispose()
    return made
  }
  const first = initialWeights(d_in, d_sae, options.seed)
  const W_enc = variable<tf.Rank.R2>(first, [d_sae, d_in])
  const b_enc = variable<tf.Rank.R1>(new Float32Array(d_sae), [d_sae])
  const W_dec = variable<tf.Rank.R2>(first, [d_sae, d_in])
  const b_dec = variable<tf.Rank.R1>(start.b_dec, [d_in])
  const parameters: ReadonlyArray<Pick<AdamVariable, "apply" | "dispose">> = [W_enc, b_enc, W_dec, b_dec]
  const silent = new Int32Array(d_sae)
  let done = 0

  const dead = (): Int32Array => {
    const result: Array<number> = []
    for (let j = 0; j < d_sae; j++) if ((silent[j] as number) >= options.dead_after) result.push(j)
    return Int32Array.from(result)
  }

  const forward = (x: tf.Tensor2D, deadLatents: Int32Array) => {
    const weights = { W_enc: W_enc.read(), b_enc: b_enc.read(), W_dec: W_dec.read(), b_dec: b_dec.read() }
    const result = sparseLoss({
      x,
      ...weights,
      select: (pre) => architecture.select(pre, k),
      variance: start.variance,
      dead: deadLatents,
      k_aux: options.k_aux,
      aux_coefficient: options.aux_coefficient
    })
    return { weights, result }
  }

  const step = (x: tf.Tensor2D): StepMetrics => {
    const rows = x.shape[0]
    const lr = learningRate(options, done + 1)
    const { weights, result } = forward(x, dead())
    const { gradients, codes, activations } = result
    codes.value.dispose()
    const projected = projectGradient(gradients.W_dec, weights.W_dec, gradients.radial)
    // What was read goes first: Adam would else copy each variable before it writes.
    tf.dispose([gradients.W_dec, gradients.radial, ...Object.values(weights)])
    const all = clipped([gradients.W_enc, gradients.b_enc, projected, gradients.b_dec], options.clip)
    const adam = { lr, beta1: options.beta1, beta2: options.beta2, step: done + 1 }
    for (const [i, parameter] of parameters.entries()) {
      parameter.apply(all[i] as tf.Tensor, adam)
    }
    tf.dispose(all)
    const moved = W_dec.read()
    const unit = unitRows(moved)
    moved.dispose()
    W_dec.assign(unit)
    unit.dispose()
    done += 1

    for (let j = 0; j < d_sae; j++) silent[j] = Math.min(mostSilent, (silent[j] as number) + rows)
    let active = 0
    for (let i = 0; i < activations.length; i++) {
      if (!((activations[i] as number) > 0)) continue
      active += 1
      silent[codes.latent[i] as number] = 0
    }
    const { loss, mse, aux_loss } = result
    return { lr, loss, mse, aux_loss, l0: active / rows, dead: dead().length }
  }

  return {
    step,
    steps: () => done,
    exportState: () => ({
      step: done,
      W_enc: W_enc.exportState(),
      b_enc: b_enc.exportState(),
      W_dec: W_dec.exportState(),
      b_dec: b_dec.exportState(),
      silent: silent.slice()
    }),
    restoreState: (state) => {
      done = state.step
      W_enc.restoreState(state.W_enc)
      b_enc.restoreState(state.b_enc)
      W_dec.restoreState(state.W_dec)
      b_dec.restoreState(state.b_dec)
      silent.set(state.silent)
    },
    smallestActivation: (x) => {
      const { weights, result } = forward(x, new Int32Array(0))
      tf.dispose([...Object.values(weights), ...Object.values(result.gradients), result.codes.value])
      let smallest = Number.POSITIVE_INFINITY
      for (const value of result.activations) if (value > 0 && value < smallest) smallest = value
      return smallest
    },
    dispose: () => {
      for (const parameter of parameters) parameter.dispose()
    }
  }
}

/** The gradients, scaled down together where their common norm is above the limit; disposes of what it replaces. */
const clipped = (gradients: ReadonlyArray<tf.Tensor>, limit: number | null): Array<tf.Tensor> => {
  if (limit === null) return [...gradients]
  const squares = gradients.map((gradient) => tf.tidy(() => tf.sum(tf.square(gradient)).dataSync<"float32">()[0]))
  const norm = Math.sqrt(squares.reduce<number>((sum, square) => sum + (square as number), 0))
  if (!(norm > limit)) return [...gradients]
  return gradients.map((gradient) => {
    const scaled = tf.mul(gradient, limit / norm)
    gradient.dispose()
    return scaled
  })
}
