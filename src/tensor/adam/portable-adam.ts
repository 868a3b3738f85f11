/** Adam on typed arrays: weights and moments stay on the host, the engine sees a tensor of the current weights. */
import * as tf from "@tensorflow/tfjs-core"
import { adamCoefficients, checkGradient, checkState } from "./adam-coefficients.ts"
import type { EngineAdam } from "./adam-variable.ts"

export const makePortableAdam = <R extends tf.Rank>(initial: tf.Tensor<R>): EngineAdam<R> => {
  const { shape, size } = initial
  const weights = Float32Array.from(initial.dataSync<"float32">())
  const firstMoment = new Float32Array(size)
  const secondMoment = new Float32Array(size)
  return {
    shape,
    // Copied, since tfjs may keep the array it is given and upload it only when it is used.
    read: () => tf.tensor(weights.slice(), shape, "float32"),
    applyDense: (gradient, step) => {
      checkGradient(shape, gradient)
      const { beta1, beta2, rate, epsilonHat } = adamCoefficients(step)
      const g = gradient.dataSync<"float32">()
      for (let i = 0; i < size; i++) {
        const m = firstMoment[i]! + (g[i]! - firstMoment[i]!) * (1 - beta1)
        const v = secondMoment[i]! + (g[i]! * g[i]! - secondMoment[i]!) * (1 - beta2)
        firstMoment[i] = m
        secondMoment[i] = v
        weights[i] = weights[i]! - (rate * m) / (Math.sqrt(v) + epsilonHat)
      }
    },
    assign: (tensor) => {
      checkGradient(shape, tensor)
      weights.set(tensor.dataSync<"float32">())
    },
    exportState: () => ({
      weights: weights.slice(),
      firstMoment: firstMoment.slice(),
      secondMoment: secondMoment.slice()
    }),
    restoreState: (state) => {
      checkState(size, state)
      weights.set(state.weights)
      firstMoment.set(state.firstMoment)
      secondMoment.set(state.secondMoment)
    },
    dispose: () => {}
  }
}
