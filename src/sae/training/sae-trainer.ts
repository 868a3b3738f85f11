/**
 * One SAE in training: its weights and Adam moments on the engine, its counters on the host. `step` takes a batch in the
 * scale that training works in and is synchronous; `train-sae.ts` is the loop around it.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Rng from "../../random/rng.ts"
import { disposeGradient, toMatrix } from "../../tensor/kernels/latent-gradient.ts"
import { unitRows } from "../../tensor/kernels/unit-rows.ts"
import { type AdamState, type AdamVariable, makeAdamVariable } from "../../tensor/adam/adam-variable.ts"
import { applyGradients, type Trained } from "./apply-gradients.ts"
import { type Architecture, type Batch, disposeGradients, type Gradients, type Memory } from "../architecture.ts"
import { choiceWeights } from "../loss/active-pass.ts"
import { decodePairs } from "../loss/code-products.ts"
import { initialWeights } from "./initial-weights.ts"
import { resampleLatents } from "./resample-latents.ts"
import { rowErrors } from "./row-errors.ts"
import type { ResolvedOptions } from "../settings/training-options.ts"
import { learningRate, latentsChosen, sparsityCoefficient } from "./training-schedules.ts"
import type { FirstWeights } from "./unfold-scale.ts"
import { makeWeightAverage } from "./weight-average.ts"

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
  /** The architecture's own parameters, [d_sae] each, and `W_skip` where there is a skip connection. */
  readonly extras: Readonly<Record<string, AdamState>>
  /** Rows since each latent last fired. */
  readonly silent: Int32Array
  readonly memory: Memory
  /** Where weights are averaged: the sums, by parameter. */
  readonly average?: Readonly<Record<string, Float32Array>>
}

export interface SaeTrainer {
  /** One update from x [rows, d_in] and, for a transcoder, its targets [rows, d_out] (not disposed). */
  readonly step: (x: tf.Tensor2D, target?: tf.Tensor2D) => StepMetrics
  readonly steps: () => number
  readonly exportState: () => TrainerState
  readonly restoreState: (state: TrainerState) => void
  /** After the last step: puts averaged weights in the place of the last ones, where the options ask for them. */
  readonly useAverage: () => void
  /** Smallest positive activation, weighed as in the choice, that is chosen in this batch with the weights as they are. */
  readonly smallestActivation: (x: tf.Tensor2D, target?: tf.Tensor2D) => number
  /** What the SAE gives for x with its latents chosen as in training, [rows, d_out], owned by the caller; and its mse. */
  readonly reconstruct: (x: tf.Tensor2D) => { readonly output: tf.Tensor2D; readonly mse: number }
  readonly dispose: () => void
}

const mostSilent = 2 ** 31 - 1

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

const variable = <R extends tf.Rank>(values: Float32Array, shape: tf.ShapeMap[R]): AdamVariable<R> => {
  const tensor = tf.tensor<R>(values, shape, "float32")
  const made = makeAdamVariable(tensor)
  tensor.dispose()
  return made
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))

const randomWeights = (options: ResolvedOptions, start: TrainerStart, d_out: number, length: number): FirstWeights => {
  const { d_sae, seed, tied } = options
  const W_dec = initialWeights(d_out, d_sae, seed, length)
  const encoderLength = tied ? length : (options.encoder_init_norm ?? length)
  // An encoder that reads something else than the decoder writes starts with directions of its own.
  const W_enc =
    start.transcoder === true
      ? initialWeights(start.d_in, d_sae, seed, encoderLength, "encoder rows")
      : initialWeights(d_out, d_sae, seed, encoderLength)
  return { W_enc, b_enc: new Float32Array(d_sae), W_dec, b_dec: Float32Array.from(start.b_dec), extras: {} }
}

export const makeSaeTrainer = (
  architecture: Architecture,
  options: ResolvedOptions,
  start: TrainerStart
): SaeTrainer => {
  const { d_sae } = options
  const { d_in } = start
  const d_out = start.b_dec.length
  const parts = start.parts ?? [d_out]
  const unit = options.decoder_norm === "unit"
  const length = unit ? 1 : options.decoder_init_norm
  const first = start.first ?? randomWeights(options, start, d_out, length)
  const W_enc = variable<tf.Rank.R2>(first.W_enc, [d_sae, d_in])
  const b_enc = variable<tf.Rank.R1>(first.b_enc, [d_sae])
  const W_dec = variable<tf.Rank.R2>(first.W_dec, [d_sae, d_out])
  const b_dec = variable<tf.Rank.R1>(first.b_dec, [d_out])
  const W_skip = options.skip
    ? variable<tf.Rank.R2>(first.extras["W_skip"] ?? new Float32Array(d_out * d_in), [d_out, d_in])
    : undefined
  const extras = Object.fromEntries(
    Object.entries(architecture.extras(options)).map(([name, values]) => [
      name,
      variable<tf.Rank.R1>(first.extras[name] ?? values, [d_sae])
    ])
  )
  const silent = new Int32Array(d_sae)
  let memory = architecture.memory(options)
  let done = 0

  /** What a checkpoint keeps beside the four parameters of every SAE. */
  const named: Readonly<Record<string, AdamVariable>> = {
    ...(extras as {}),
    ...(W_skip === undefined ? {} : { W_skip: W_skip as never })
  }
  const all = { W_enc, b_enc, W_dec, b_dec, ...named } as Readonly<Record<string, AdamVariable>>
  const average = options.ema === null ? undefined : makeWeightAverage(all, options.ema)

  const silentFor = (rows: number): Int32Array => {
    const result: Array<number> = []
    for (let j = 0; j < d_sae; j++) if ((silent[j] as number) >= rows) result.push(j)
    return Int32Array.from(result)
  }

  const read = () => ({
    W_enc: W_enc.read(),
    b_enc: b_enc.read(),
    W_dec: W_dec.read(),
    b_dec: b_dec.read(),
    W_skip: W_skip?.read()
  })
  type Read = ReturnType<typeof read>
  const release = ({ W_skip: skip, ...others }: Read): void =>
    tf.dispose([...Object.values(others), ...(skip === undefined ? [] : [skip])])

  const batchOf = (x: tf.Tensor2D, target: tf.Tensor2D, weights: Read, dead: Int32Array): Batch => ({
    x,
    target,
    parts,
    ...weights,
    extras: mapValues(extras, (parameter) => {
      const tensor = parameter.read()
      const values = tensor.dataSync<"float32">()
      tensor.dispose()
      return values
    }),
    step: done + 1,
    sparsity: sparsityCoefficient(options, done + 1),
    variance: start.variance,
    dead,
    memory,
    options: { ...options, k: latentsChosen(options, done + 1, d_in) }
  })

  /** Of weights that are encoder and decoder at once. Disposes of both. */
  const tiedGradient = (gradients: Gradients, weights: Read): tf.Tensor2D => {
    const both = tf.tidy(() =>
      tf.add<tf.Tensor2D>(toMatrix(gradients.W_dec, weights.W_dec), toMatrix(gradients.W_enc, weights.W_enc))
    )
    disposeGradient(gradients.W_enc)
    disposeGradient(gradients.W_dec)
    return both
  }

  /** A tied encoder equal to the decoder, parameters that may not be negative at zero or above. */
  const constrain = (): void => {
    if (options.tied) {
      const rows = W_dec.read()
      W_enc.assign(rows)
      rows.dispose()
    }
    for (const name of architecture.nonNegative ?? []) {
      const parameter = extras[name] as AdamVariable<tf.Rank.R1>
      const moved = parameter.read()
      const kept = tf.relu(moved)
      moved.dispose()
      parameter.assign(kept)
      kept.dispose()
    }
  }

  const resample = (x: tf.Tensor2D): void => {
    const every = options.resample_every
    if (every === null || done % every !== 0 || done >= options.steps) return
    const dead = [...silentFor(Math.ceil((every / 2) * x.shape[0]))]
    if (dead.length === 0) return
    const weights = read()
    const { centred, errors } = rowErrors(batchOf(x, x, weights, new Int32Array(0)))
    release(weights)
    const state = { W_enc: W_enc.exportState(), b_enc: b_enc.exportState(), W_dec: W_dec.exportState() }
    const powers = errors.map((error) => error ** options.resample_power)
    const made = resampleLatents(state, centred, powers, dead, Rng.make(options.seed, `resampling after step ${done}`))
    W_enc.restoreState(state.W_enc)
    b_enc.restoreState(state.b_enc)
    W_dec.restoreState(state.W_dec)
    for (const j of made) silent[j] = 0
    if (options.tied) constrain()
  }

  /** A batch's latents and activations, without a step. */
  const choose = (x: tf.Tensor2D, target: tf.Tensor2D) => {
    const weights = read()
    const result = architecture.loss(batchOf(x, target, weights, new Int32Array(0)))
    disposeGradients(result.gradients)
    return { pattern: result.pattern, activations: result.activations, mse: result.mse, weights }
  }

  const step = (x: tf.Tensor2D, target: tf.Tensor2D = x): StepMetrics => {
    const rows = x.shape[0]
    const lr = learningRate(options, done + 1)
    const weights = read()
    const result = architecture.loss(batchOf(x, target, weights, silentFor(options.dead_after)))
    const { gradients, pattern, activations } = result
    const decoder = options.tied ? tiedGradient(gradients, weights) : gradients.W_dec
    // What was read goes first: Adam would else copy each variable before it writes.
    release(weights)
    const trained: Array<Trained> = []
    const train = (parameter: unknown, gradient: Trained["gradient"], keepsNorms = false) =>
      trained.push({ parameter: parameter as AdamVariable, gradient, unit: keepsNorms })
    if (!options.tied) train(W_enc, gradients.W_enc)
    train(b_enc, gradients.b_enc)
    train(W_dec, decoder, unit)
    if (options.b_dec_init === "none") gradients.b_dec.dispose()
    else train(b_dec, gradients.b_dec)
    for (const [name, gradient] of Object.entries(gradients.extras)) train(extras[name], gradient)
    if (gradients.W_skip !== undefined) train(W_skip, gradients.W_skip)
    const { beta1, beta2, eps } = options
    applyGradients(trained, options.clip, { lr, beta1, beta2, eps, step: done + 1 })
    constrain()
    average?.update()
    memory = result.memory ?? memory
    done += 1

    for (let j = 0; j < d_sae; j++) silent[j] = Math.min(mostSilent, (silent[j] as number) + rows)
    let active = 0
    for (let i = 0; i < activations.length; i++) {
      if (!((activations[i] as number) > 0)) continue
      active += 1
      silent[pattern.latent[i] as number] = 0
    }
    resample(x)
    const { loss, mse, aux_loss } = result
    return { lr, loss, mse, aux_loss, l0: active / rows, dead: silentFor(options.dead_after).length }
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
      extras: mapValues(named, (parameter) => parameter.exportState()),
      silent: silent.slice(),
      memory,
      ...(average === undefined ? {} : { average: average.exportState() })
    }),
    restoreState: (state) => {
      done = state.step
      W_enc.restoreState(state.W_enc)
      b_enc.restoreState(state.b_enc)
      W_dec.restoreState(state.W_dec)
      b_dec.restoreState(state.b_dec)
      for (const [name, parameter] of Object.entries(named)) parameter.restoreState(state.extras[name] as AdamState)
      silent.set(state.silent)
      memory = state.memory
      if (state.average !== undefined) average?.restoreState(state.average)
    },
    useAverage: () => {
      if (average === undefined) return
      average.apply(done)
      if (unit) {
        const mean = W_dec.read()
        const rows = unitRows(mean)
        W_dec.assign(rows)
        tf.dispose([mean, rows])
      }
      constrain()
    },
    smallestActivation: (x, target = x) => {
      const { pattern, activations, weights } = choose(x, target)
      const times = choiceWeights({ W_dec: weights.W_dec, parts })
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
      for (const parameter of Object.values(all)) parameter.dispose()
      average?.dispose()
    }
  }
}
