/** One step of Adam for all parameters, with one limit on the norm of their gradients together. */
import type * as tf from "@tensorflow/tfjs-core"
import type { AdamStep, AdamVariable } from "../../tensor/adam/adam-variable.ts"
import { disposeGradient, type LatentGradient } from "../../tensor/kernels/latent-gradient.ts"

export interface Trained {
  readonly parameter: AdamVariable
  /** Disposed of. */
  readonly gradient: tf.Tensor | LatentGradient
  /** Whether the parameter's rows keep norm one. */
  readonly unit?: boolean
}

/** As torch.nn.utils.clip_grad_norm_ sets it. */
const clippingFactor = (trained: ReadonlyArray<Trained>, limit: number): number => {
  const squares = trained.map(({ parameter, gradient, unit }) => parameter.squaredNorm(gradient, unit))
  const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0))
  return norm > limit ? limit / norm : 1
}

export const applyGradients = (
  trained: ReadonlyArray<Trained>,
  limit: number | null,
  step: Omit<AdamStep, "factor" | "unit">
): void => {
  const factor = limit === null ? 1 : clippingFactor(trained, limit)
  for (const { parameter, gradient, unit = false } of trained) {
    parameter.apply(gradient, { ...step, factor, unit })
    disposeGradient(gradient)
  }
}
