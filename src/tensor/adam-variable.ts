/**
 * A dense parameter with its Adam moments, updated in place on the active engine: TensorFlow's fused operation, or one
 * pass over typed arrays elsewhere. Both language model and autoencoder trainers are built on it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { makePortableAdam } from "./portable-adam.ts"
import { makeTensorflowAdam } from "./tensorflow-adam.ts"

export interface AdamStep {
  /** Learning rate of this step, the schedule already applied. */
  readonly lr: number
  /** @default 0.9 */
  readonly beta1?: number
  /** @default 0.999 */
  readonly beta2?: number
  /** Added to the root of the bias-corrected second moment, as in PyTorch. @default 1e-8 */
  readonly eps?: number
  /** 1 for the first update of this variable. */
  readonly step: number
}

/** What a checkpoint keeps: restored, the next updates are the same to the bit. All f32 in row-major order. */
export interface AdamState {
  readonly weights: Float32Array
  readonly firstMoment: Float32Array
  readonly secondMoment: Float32Array
}

export interface AdamVariable<R extends tf.Rank = tf.Rank> {
  readonly shape: tf.ShapeMap[R]
  /** The weights as a tensor owned by the caller. Dispose it before `apply`: TensorFlow else copies the variable first. */
  readonly read: () => tf.Tensor<R>
  /** One step of Adam with a gradient of the variable's shape. Nothing is checked for NaN. */
  readonly apply: (gradient: tf.Tensor, step: AdamStep) => void
  /** Overwrites the weights (decoder normalisation, for example); the moments stay. */
  readonly assign: (weights: tf.Tensor) => void
  readonly exportState: () => AdamState
  readonly restoreState: (state: AdamState) => void
  readonly dispose: () => void
}

/**
 * A variable with these first weights (f32; copied) and zero moments. It lives until its `dispose`, also when made inside
 * `tf.tidy`. Adam: Kingma and Ba 2015, as torch.optim.Adam computes it: w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 -
 * beta2^t)) + eps).
 */
export const makeAdamVariable = <R extends tf.Rank>(weights: tf.Tensor<R>): AdamVariable<R> => {
  if (weights.dtype !== "float32") throw new RangeError(`an AdamVariable holds float32 weights, got ${weights.dtype}`)
  return tf.getBackend() === "tensorflow" ? makeTensorflowAdam(weights) : makePortableAdam(weights)
}
