/** Adam on the GPU: weights and moments are tensors there, and a step replaces them (sparse-shaders.ts). */
import * as tf from "@tensorflow/tfjs-core"
import { joinBlocks } from "../../numeric/float-blocks.ts"
import { readFloats } from "../read-tensor.ts"
import { adamCoefficients, checkGradient } from "./adam-coefficients.ts"
import type { StateName } from "./adam-state.ts"
import type { EngineAdam } from "./adam-variable.ts"

/** Zero at first. */
export const makeWebgpuAdam = <R extends tf.Rank>(shape: tf.ShapeMap[R]): EngineAdam<R> => {
  const state = new Map<StateName, tf.Tensor<R>>()
  const held = (name: StateName): tf.Tensor<R> => state.get(name)!
  const put = (name: StateName, make: () => tf.Tensor): void => {
    const made = tf.keep(tf.tidy(make)) as tf.Tensor<R>
    state.get(name)?.dispose()
    state.set(name, made)
  }
  const drop = (name: StateName): void => {
    state.get(name)?.dispose()
    state.delete(name)
  }
  for (const name of ["weights", "firstMoment", "secondMoment"] as const) put(name, () => tf.zeros(shape))
  const first = shape.slice(1).fill(0)
  return {
    shape,
    read: () => tf.clone(held("weights")),
    applyDense: (gradient, step) => {
      checkGradient(shape, gradient)
      const { beta1, beta2, rate, epsilonHat } = adamCoefficients(step)
      const moment = (name: StateName, squared: number, kept: number): void =>
        put(
          name,
          () => tf.engine().runKernel("AdamMoment", { moment: held(name), gradient }, { squared, kept }) as tf.Tensor
        )
      moment("firstMoment", 0, beta1)
      moment("secondMoment", 1, beta2)
      const [weights, first, second] = [held("weights"), held("firstMoment"), held("secondMoment")]
      const attrs = { rate, epsilon: epsilonHat }
      put("weights", () => tf.engine().runKernel("AdamWeights", { weights, first, second }, attrs) as tf.Tensor)
    },
    assign: (tensor) => {
      checkGradient(shape, tensor)
      put("weights", () => tf.clone(tensor))
    },
    readRows: (name, from, to) =>
      readFloats(() => tf.slice(held(name), [from, ...first], [to - from, ...shape.slice(1)])),
    write: (name, values) => put(name, () => tf.tensor(joinBlocks(values), shape, "float32")),
    freeMoments: () => {
      drop("firstMoment")
      drop("secondMoment")
    },
    dispose: () => {
      for (const name of state.keys()) drop(name)
    }
  }
}
