/**
 * One training step of a TopK autoencoder written with nothing but the sparse kernels: encode, select, decode, loss,
 * gradients, Adam. The yardstick for the trainer's step, and the place where kernels are measured one by one.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type AdamVariable, makeAdamVariable } from "../../src/tensor/adam-variable.ts"
import { activeDots, decode, scatterToLatents, sumByLatent, topKRows } from "../../src/tensor/sparse-kernels.ts"
import { withValue } from "../../src/tensor/sparse-pattern.ts"

export interface StepShape {
  readonly dIn: number
  readonly dSae: number
  readonly batch: number
  readonly k: number
}

export type Lap = (name: string) => void

export interface TopKStep {
  /** Trains on x (f32 [batch, d_in]) and returns the mean squared error before the update. */
  readonly run: (x: tf.Tensor2D, lap: Lap) => number
  /** The encode product alone, with this step's own weights. */
  readonly encode: (x: tf.Tensor2D) => void
  readonly dispose: () => void
}

const variable = <R extends tf.Rank>(make: () => tf.Tensor<R>): AdamVariable<R> => {
  const weights = make()
  const result = makeAdamVariable(weights)
  weights.dispose()
  return result
}

export const makeTopKStep = ({ dIn, dSae, batch, k }: StepShape): TopKStep => {
  const random = tf.keep(
    tf.tidy(() => tf.div(tf.randomNormal<tf.Rank.R2>([dSae, dIn], 0, 1, "float32", 7), Math.sqrt(dIn)))
  )
  const encoder = variable(() => tf.clone(random as tf.Tensor2D))
  const decoder = variable(() => tf.clone(random as tf.Tensor2D))
  const encoderBias = variable(() => tf.zeros<tf.Rank.R1>([dSae]))
  const decoderBias = variable(() => tf.zeros<tf.Rank.R1>([dIn]))
  random.dispose()
  let step = 0

  const run = (x: tf.Tensor2D, lap: Lap): number => {
    step++
    let loss = Number.NaN
    tf.tidy(() => {
      const weights = encoder.read()
      const dictionary = decoder.read()
      const bias = decoderBias.read()
      const centred = tf.sub<tf.Tensor2D>(x, bias)
      const product = tf.matMul(centred, weights, false, true)
      lap("encode")
      const pre = tf.add<tf.Tensor2D>(product, encoderBias.read())
      product.dispose()
      lap("bias")
      const selected = topKRows(pre, k)
      pre.dispose()
      lap("top-k")
      const codes = withValue(selected, tf.relu(selected.value))
      const error = tf.sub<tf.Tensor2D>(tf.add<tf.Tensor2D>(decode(codes, dictionary), bias), x)
      const mean = tf.mean(tf.square(error))
      const gradient = tf.mul<tf.Tensor2D>(error, 2 / (batch * dIn))
      lap("decode")
      const active = tf.mul<tf.Tensor1D>(activeDots(codes, dictionary, gradient), tf.step(codes.value))
      lap("d_acts")
      const forDecoder = scatterToLatents(codes, codes.value, gradient)
      const forEncoder = scatterToLatents(codes, active, centred)
      const forEncoderBias = sumByLatent(codes, active)
      // b_dec is added to the output and subtracted from the input.
      const throughEncoder = tf.matMul<tf.Tensor2D>(tf.reshape(forEncoderBias, [1, dSae]), weights)
      const forDecoderBias = tf.sub<tf.Tensor1D>(tf.sum(gradient, 0), tf.reshape(throughEncoder, [dIn]))
      lap("dW")
      for (const tensor of [weights, dictionary, bias]) tensor.dispose()
      const options = { lr: 1e-4, step }
      encoder.apply(forEncoder, options)
      decoder.apply(forDecoder, options)
      encoderBias.apply(forEncoderBias, options)
      decoderBias.apply(forDecoderBias, options)
      loss = mean.dataSync<"float32">()[0]!
      lap("Adam")
    })
    return loss
  }

  const encode = (x: tf.Tensor2D): void => {
    tf.tidy(() => {
      tf.matMul(x, encoder.read(), false, true)
    })
  }

  const dispose = (): void => {
    for (const parameter of [encoder, decoder, encoderBias, decoderBias]) parameter.dispose()
  }
  return { run, encode, dispose }
}
