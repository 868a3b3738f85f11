/** The parameters of an SAE in training, with their Adam moments, on the engine. */
import * as tf from "@tensorflow/tfjs-core"
import type { AdamState } from "../../tensor/adam/adam-state.ts"
import { type AdamVariable, makeAdamVariable } from "../../tensor/adam/adam-variable.ts"
import { type FloatBlocks, joinBlocks, oneBlock } from "../../numeric/float-blocks.ts"
import { disposeGradient, toMatrix } from "../../tensor/kernels/latent-gradient.ts"
import { unitRows } from "../../tensor/kernels/unit-rows.ts"
import type { Batch, Gradients } from "../architecture.ts"
import type { ResolvedOptions } from "../training-options.ts"
import { applyGradients, type Trained } from "./apply-gradients.ts"
import type { FirstWeights } from "./unfold-scale.ts"

export interface ParametersState<Numbers = Float32Array> {
  /** Latent-major, [d_sae, d_in], as is W_dec. */
  readonly W_enc: AdamState<Numbers>
  readonly b_enc: AdamState<Numbers>
  readonly W_dec: AdamState<Numbers>
  readonly b_dec: AdamState<Numbers>
  /** The architecture's own parameters, [d_sae] each, and `W_skip` where there is a skip connection. */
  readonly extras: Readonly<Record<string, AdamState<Numbers>>>
}

export interface TrainedParameters {
  readonly W_enc: Float32Array<ArrayBuffer>
  readonly b_enc: Float32Array<ArrayBuffer>
  readonly W_dec: Float32Array<ArrayBuffer>
  readonly b_dec: Float32Array<ArrayBuffer>
  readonly extras: Readonly<Record<string, Float32Array<ArrayBuffer>>>
}

/** The weights as they are, as tensors of whoever read them: disposed of by `release`. */
export type ReadWeights = Pick<Batch, "W_enc" | "b_enc" | "W_dec" | "b_dec" | "W_skip">

export const release = ({ W_skip, ...others }: ReadWeights): void =>
  tf.dispose([...Object.values(others), ...(W_skip === undefined ? [] : [W_skip])])

export interface SaeParameters {
  /** By name, extras and a skip connection among them. */
  readonly all: Readonly<Record<string, AdamVariable>>
  readonly read: () => ReadWeights
  /** The architecture's own, [d_sae] each. */
  readonly extras: () => Record<string, Float32Array>
  /** One step of Adam; disposes of the gradients and of the weights that they were computed at. */
  readonly update: (
    gradients: Gradients,
    weights: ReadWeights,
    step: { readonly lr: number; readonly step: number }
  ) => void
  /** A tied encoder equal to the decoder, decoder rows at norm one, parameters that may not be negative at zero or above. */
  readonly constrain: () => void
  readonly exportState: () => ParametersState
  /** The same, read where it is asked for: to be used up before the next step. */
  readonly stateBlocks: () => ParametersState<FloatBlocks>
  readonly restoreState: (state: Partial<ParametersState<Float32Array | FloatBlocks>>) => void
  /** After the last step: the weights, once; what the engine has of them is freed. */
  readonly takeWeights: () => TrainedParameters
  readonly dispose: () => void
}

const variable = <R extends tf.Rank>(values: Float32Array | FloatBlocks, shape: tf.ShapeMap[R]): AdamVariable<R> =>
  makeAdamVariable({ shape, weights: values instanceof Float32Array ? oneBlock(values) : values })

/** Drawing random weights takes longer than copying them. */
const copyOf = (parameter: AdamVariable<tf.Rank.R2>): AdamVariable<tf.Rank.R2> => {
  const weights = parameter.read()
  const copy = makeAdamVariable(weights)
  weights.dispose()
  return copy
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))

/** Of weights that are encoder and decoder at once. Disposes of both. */
const tiedGradient = (gradients: Gradients, weights: ReadWeights): tf.Tensor2D => {
  const both = tf.tidy(() =>
    tf.add<tf.Tensor2D>(toMatrix(gradients.W_dec, weights.W_dec), toMatrix(gradients.W_enc, weights.W_enc))
  )
  disposeGradient(gradients.W_enc)
  disposeGradient(gradients.W_dec)
  return both
}

/** Puts f of the weights in their place. */
const replace = <R extends tf.Rank>(parameter: AdamVariable<R>, f: (weights: tf.Tensor<R>) => tf.Tensor): void => {
  const weights = parameter.read()
  const made = f(weights)
  parameter.assign(made)
  tf.dispose([weights, made])
}

/**
 * @param own first values of the architecture's own parameters, where `first` has none
 * @param nonNegative those of them that are kept at zero or above
 */
export const makeSaeParameters = (
  options: ResolvedOptions,
  first: FirstWeights,
  own: Readonly<Record<string, Float32Array>>,
  nonNegative: ReadonlyArray<string> = []
): SaeParameters => {
  const { d_sae, tied } = options
  const unit = options.decoder_norm === "unit"
  const [d_in, d_out] = [first.W_enc.length / d_sae, first.b_dec.length]
  const W_enc = variable<tf.Rank.R2>(first.W_enc, [d_sae, d_in])
  const b_enc = variable<tf.Rank.R1>(first.b_enc, [d_sae])
  const W_dec = first.W_dec === first.W_enc ? copyOf(W_enc) : variable<tf.Rank.R2>(first.W_dec, [d_sae, d_out])
  const b_dec = variable<tf.Rank.R1>(first.b_dec, [d_out])
  const W_skip = options.skip
    ? variable<tf.Rank.R2>(first.extras["W_skip"] ?? new Float32Array(d_out * d_in), [d_out, d_in])
    : undefined
  const extras = Object.fromEntries(
    Object.entries(own).map(([name, values]) => [name, variable<tf.Rank.R1>(first.extras[name] ?? values, [d_sae])])
  )
  /** What a checkpoint keeps beside the four parameters of every SAE. */
  const named: Readonly<Record<string, AdamVariable>> = {
    ...(extras as {}),
    ...(W_skip === undefined ? {} : { W_skip: W_skip as never })
  }
  const all = { W_enc, b_enc, W_dec, b_dec, ...named } as Readonly<Record<string, AdamVariable>>

  const update: SaeParameters["update"] = (gradients, weights, { lr, step }) => {
    const decoder = tied ? tiedGradient(gradients, weights) : gradients.W_dec
    // What was read goes first: Adam would else copy each variable before it writes.
    release(weights)
    const trained: Array<Trained> = []
    const train = (parameter: unknown, gradient: Trained["gradient"], keepsNorms = false) =>
      trained.push({ parameter: parameter as AdamVariable, gradient, unit: keepsNorms })
    if (options.freeze === "encoder") disposeGradient(gradients.W_enc)
    else if (!tied) train(W_enc, gradients.W_enc)
    train(b_enc, gradients.b_enc)
    if (options.freeze === "decoder") disposeGradient(decoder)
    else train(W_dec, decoder, unit)
    if (options.b_dec_init === "none") gradients.b_dec.dispose()
    else train(b_dec, gradients.b_dec)
    for (const [name, gradient] of Object.entries(gradients.extras)) train(extras[name], gradient)
    if (gradients.W_skip !== undefined) train(W_skip, gradients.W_skip)
    const { beta1, beta2, eps } = options
    applyGradients(trained, options.clip, { lr, beta1, beta2, eps, step })
    settle()
  }

  const settle = (): void => {
    if (tied) {
      const rows = W_dec.read()
      W_enc.assign(rows)
      rows.dispose()
    }
    for (const name of nonNegative) replace(extras[name] as AdamVariable<tf.Rank.R1>, tf.relu)
  }

  const each = <A>(map: (parameter: AdamVariable) => A) => ({
    W_enc: map(W_enc as never),
    b_enc: map(b_enc as never),
    W_dec: map(W_dec as never),
    b_dec: map(b_dec as never),
    extras: mapValues(named, map)
  })

  return {
    all,
    read: () => ({
      W_enc: W_enc.read(),
      b_enc: b_enc.read(),
      W_dec: W_dec.read(),
      b_dec: b_dec.read(),
      W_skip: W_skip?.read()
    }),
    extras: () =>
      mapValues(extras, (parameter) => {
        const tensor = parameter.read()
        const values = tensor.dataSync<"float32">()
        tensor.dispose()
        return values
      }),
    update,
    constrain: () => {
      if (unit) replace(W_dec, unitRows)
      settle()
    },
    exportState: () => each((parameter) => parameter.exportState()),
    stateBlocks: () => each((parameter) => parameter.stateBlocks()),
    restoreState: ({ extras: states, ...others }) => {
      for (const [name, state] of Object.entries({ ...others, ...states })) all[name]?.restoreState(state)
    },
    takeWeights: () => {
      for (const parameter of Object.values(all)) parameter.freeMoments()
      return each((parameter) => {
        const weights = joinBlocks(parameter.stateBlocks().weights)
        parameter.dispose()
        return weights
      })
    },
    dispose: () => {
      for (const parameter of Object.values(all)) parameter.dispose()
    }
  }
}
