/** Defaults and checks of an Adam step, and the bias corrections in f64, as PyTorch computes them. */
import type * as tf from "@tensorflow/tfjs-core"
import type { AdamStep } from "./adam-variable.ts"

export interface AdamCoefficients {
  readonly beta1: number
  readonly beta2: number
  /** lr / (1 - beta1^t) * sqrt(1 - beta2^t): multiplies m / (sqrt(v) + epsilonHat). */
  readonly rate: number
  /** eps * sqrt(1 - beta2^t): with `rate` the same update as PyTorch's eps on the corrected root. */
  readonly epsilonHat: number
}

export const adamCoefficients = (step: AdamStep): AdamCoefficients => {
  const { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = step
  if (!Number.isInteger(step.step) || step.step < 1) {
    throw new RangeError(`Adam's step counts from 1, got ${step.step}`)
  }
  const root = Math.sqrt(1 - beta2 ** step.step)
  return { beta1, beta2, rate: (lr / (1 - beta1 ** step.step)) * root, epsilonHat: eps * root }
}

export const checkGradient = (shape: ReadonlyArray<number>, gradient: Pick<tf.Tensor, "shape">): void => {
  if (shape.length === gradient.shape.length && shape.every((size, axis) => size === gradient.shape[axis])) return
  throw new RangeError(`expected a gradient of shape [${shape.join(", ")}], got [${gradient.shape.join(", ")}]`)
}
