/**
 * One SAE in training: its weights and Adam moments on the engine, its counters on the host. `step` takes a batch in the
 * scale that training works in and is synchronous; `train-sae.ts` is the loop around it.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Rng from "../../random/rng.ts"
import { type Batch, disposeGradients, type Memory, type TrainingMethod } from "../architecture.ts"
import type { FloatBlocks } from "../../numeric/float-blocks.ts"
import { choiceWeights } from "../loss/active-pass.ts"
import { decodePairs } from "../loss/code-products.ts"
import { learningRate } from "../settings/schedules.ts"
import type { ResolvedOptions } from "../training-options.ts"
import { randomWeights } from "./random-weights.ts"
import { resampleLatents } from "./resample-latents.ts"
import { rowErrors } from "./row-errors.ts"
import {
  makeSaeParameters,
  type ParametersState,
  type ReadWeights,
  release,
  type TrainedParameters
} from "./sae-parameters.ts"
import { makeSilentLatents } from "./silent-latents.ts"
import type { FirstWeights } from "./unfold-scale.ts"
import { makeWeightAverage } from "./weight-average.ts"

export interface StepMetrics {
  readonly lr: number
  readonly loss: number
  /** Mean over rows of |x - x_hat|^2, in the scale of training. */
  readonly mse: number
  readonly aux_loss: number
  /** Latents that fire, mean over rows. */
  readonly l0: number
  /** Latents that count as dead after this step. */
  readonly dead: number
  /** Latents whose activation was computed to choose them, mean over rows; absent where all were. */
  readonly candidates?: number
}

export interface TrainerState<Numbers = Float32Array> extends ParametersState<Numbers> {
  /** Steps done. */
  readonly step: number
  /** Rows since each latent last fired. */
  readonly silent: Int32Array
  readonly memory: Memory
  /** Where weights are averaged: the sums, by parameter. */
  readonly average?: Readonly<Record<string, Numbers>>
}

export interface SaeTrainer {
  /** One update from x [rows, d_in] and, for a transcoder, its targets [rows, d_out] (not disposed). */
  readonly step: (x: tf.Tensor2D, target?: tf.Tensor2D) => StepMetrics
  readonly steps: () => number
  readonly exportState: () => TrainerState
  /** The same, read where it is asked for: to be used up before the next step. */
  readonly stateBlocks: () => TrainerState<FloatBlocks>
  readonly restoreState: (state: TrainerState<Float32Array | FloatBlocks>) => void
  /** After the last step: the weights, once; nothing else can be asked for afterwards. */
  readonly takeWeights: () => TrainedParameters
  /** After the last step: puts averaged weights in the place of the last ones, where the options ask for them. */
  readonly useAverage: () => void
  /** Smallest positive activation, weighed as in the choice, that is chosen in this batch with the weights as they are. */
  readonly smallestActivation: (x: tf.Tensor2D, target?: tf.Tensor2D) => number
  /** What the SAE gives for x with its latents chosen as in training, [rows, d_out], owned by the caller; and its mse. */
  readonly reconstruct: (x: tf.Tensor2D) => { readonly output: tf.Tensor2D; readonly mse: number }
  readonly dispose: () => void
}

export interface TrainerStart {
  readonly d_in: number
  /** First b_dec, in the scale of training: as wide as the output. */
  readonly b_dec: Float32Array
  /** Mean |x - mean x|^2 of what is reconstructed, in the scale of training. */
  readonly variance: number
  /** Whether the output is another activation than the input. */
  readonly transcoder?: boolean
  /** Widths of the parts of an output row that come from different sources; one by default. */
  readonly parts?: ReadonlyArray<number>
  /** Weights to go on from, in the place of random ones and of `b_dec`. */
  readonly first?: FirstWeights
}

/** @param method of the options' architecture */
export const makeSaeTrainer = (
  options: ResolvedOptions,
  method: TrainingMethod,
  { d_in, b_dec, variance, transcoder = false, parts = [b_dec.length], first }: TrainerStart
): SaeTrainer => {
  const { architecture, d_sae } = options
  const parameters = makeSaeParameters(
    options,
    first ?? randomWeights(options, d_in, b_dec, transcoder),
    architecture.extras?.(options) ?? {},
    architecture.nonNegative
  )
  const average = options.ema === null ? undefined : makeWeightAverage(parameters.all, options.ema)
  const resampling = architecture.resampling?.(options)
  const silent = makeSilentLatents(d_sae)
  let memory = architecture.memory?.(options) ?? {}
  let done = 0

  const batchOf = (x: tf.Tensor2D, target: tf.Tensor2D, weights: ReadWeights, dead: Int32Array): Batch => ({
    x,
    target,
    parts,
    ...weights,
    extras: parameters.extras(),
    step: done + 1,
    variance,
    dead,
    memory,
    options
  })

  const resample = (x: tf.Tensor2D): void => {
    if (resampling === undefined || done % resampling.every !== 0 || done >= options.steps) return
    const dead = [...silent.since(Math.ceil((resampling.every / 2) * x.shape[0]))]
    if (dead.length === 0) return
    const weights = parameters.read()
    const { centred, errors } = rowErrors(batchOf(x, x, weights, new Int32Array(0)))
    release(weights)
    const { W_enc, b_enc, W_dec } = parameters.exportState()
    const powers = errors.map((error) => error ** resampling.power)
    const rng = Rng.make(options.seed, `resampling after step ${done}`)
    silent.forget(resampleLatents({ W_enc, b_enc, W_dec }, centred, powers, dead, rng))
    // A tied encoder is the decoder.
    parameters.restoreState({ W_enc: options.tied ? { ...W_enc, weights: W_dec.weights } : W_enc, b_enc, W_dec })
  }

  /** A batch's latents and activations, without a step. */
  const choose = (x: tf.Tensor2D, target: tf.Tensor2D) => {
    const weights = parameters.read()
    const { gradients, ...result } = method.loss(batchOf(x, target, weights, new Int32Array(0)))
    disposeGradients(gradients)
    return { ...result, weights }
  }

  const step = (x: tf.Tensor2D, target: tf.Tensor2D = x): StepMetrics => {
    const rows = x.shape[0]
    const lr = learningRate(options, done + 1, resampling?.every)
    const weights = parameters.read()
    const result = method.loss(batchOf(x, target, weights, silent.since(options.dead_after)))
    parameters.update(result.gradients, weights, { lr, step: done + 1 })
    average?.update()
    memory = result.memory ?? memory
    done += 1
    const active = silent.count(rows, result.pattern, result.activations)
    resample(x)
    const { loss, mse, aux_loss, candidates } = result
    return {
      lr,
      loss,
      mse,
      aux_loss,
      l0: active / rows,
      dead: silent.since(options.dead_after).length,
      ...(candidates === undefined ? {} : { candidates: candidates / rows })
    }
  }

  return {
    step,
    steps: () => done,
    exportState: () => ({
      step: done,
      ...parameters.exportState(),
      silent: silent.exportState(),
      memory,
      ...(average === undefined ? {} : { average: average.exportState() })
    }),
    stateBlocks: () => ({
      step: done,
      ...parameters.stateBlocks(),
      silent: silent.exportState(),
      memory,
      ...(average === undefined ? {} : { average: average.stateBlocks() })
    }),
    takeWeights: () => {
      average?.dispose()
      return parameters.takeWeights()
    },
    restoreState: ({ step: steps, silent: counts, memory: kept, average: sums, ...weights }) => {
      done = steps
      parameters.restoreState(weights)
      silent.restoreState(counts)
      memory = kept
      if (sums !== undefined) average?.restoreState(sums)
    },
    useAverage: () => {
      if (average === undefined) return
      average.apply(done)
      parameters.constrain()
    },
    smallestActivation: (x, target = x) => {
      const { pattern, activations, weights } = choose(x, target)
      const times = choiceWeights({ W_dec: weights.W_dec, parts, options })
      release(weights)
      let smallest = Number.POSITIVE_INFINITY
      for (const [i, value] of activations.entries()) {
        const weighed = value * (times?.[pattern.latent[i] as number] ?? 1)
        if (weighed > 0 && weighed < smallest) smallest = weighed
      }
      return smallest
    },
    reconstruct: (x) => {
      const { pattern, activations, weights, mse } = choose(x, x)
      const output = tf.tidy(() => tf.add<tf.Tensor2D>(decodePairs(pattern, activations, weights.W_dec), weights.b_dec))
      release(weights)
      return { output, mse }
    },
    dispose: () => {
      parameters.dispose()
      average?.dispose()
    }
  }
}
