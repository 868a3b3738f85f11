/** Adam on typed arrays: weights and moments stay on the host, the engine sees a tensor of the current weights. */
import * as tf from "@tensorflow/tfjs-core"
import { adamCoefficients, checkGradient } from "./adam-coefficients.ts"
import { mapState } from "./adam-state.ts"
import type { EngineAdam } from "./adam-variable.ts"

/** Zero at first. */
export const makePortableAdam = <R extends tf.Rank>(shape: tf.ShapeMap[R]): EngineAdam<R> => {
  const size = shape.reduce((product, n) => product * n, 1)
  const [rows = 1] = shape
  const width = size / rows
  const state = mapState(() => new Float32Array(size))
  const { weights, firstMoment, secondMoment } = state
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
    readRows: (name, from, to) => state[name].subarray(from * width, to * width),
    write: (name, { blocks }) => {
      let from = 0
      for (const block of blocks()) {
        state[name].set(block, from)
        from += block.length
      }
    },
    // With the variable itself.
    freeMoments: () => {},
    dispose: () => {}
  }
}
