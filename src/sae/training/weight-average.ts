/**
 * Exponential moving average of parameters over training steps, corrected for its start at zero: sum_t (1 - m) m^(T - t)
 * w_t / (1 - m^T). OpenAI's trainer saves such weights (m = 0.999; Gao et al. 2024, arXiv 2406.04093, appendix A.7).
 */
import * as tf from "@tensorflow/tfjs-core"
import { type FloatBlocks, joinBlocks } from "../../numeric/float-blocks.ts"
import type { AdamVariable } from "../../tensor/adam/adam-variable.ts"
import { readFloats } from "../../tensor/read-tensor.ts"

export interface WeightAverage {
  /** After every step. */
  readonly update: () => void
  /** Makes the parameters what their averages are after N steps; their moments stay. */
  readonly apply: (steps: number) => void
  /** Sums without the correction. */
  readonly exportState: () => Readonly<Record<string, Float32Array>>
  /** The same, read where it is asked for. */
  readonly stateBlocks: () => Readonly<Record<string, FloatBlocks>>
  readonly restoreState: (state: Readonly<Record<string, Float32Array | FloatBlocks>>) => void
  readonly dispose: () => void
}

export const makeWeightAverage = (parameters: Readonly<Record<string, AdamVariable>>, decay: number): WeightAverage => {
  const averages = new Map<string, tf.Tensor>()
  const set = (name: string, tensor: tf.Tensor): void => {
    averages.get(name)?.dispose()
    averages.set(name, tf.keep(tensor))
  }
  for (const [name, { shape }] of Object.entries(parameters)) set(name, tf.zeros(shape))
  const average = (name: string): tf.Tensor => averages.get(name) as tf.Tensor
  return {
    update: () => {
      for (const [name, parameter] of Object.entries(parameters)) {
        const weights = parameter.read()
        const next = tf.tidy(() => tf.add(tf.mul(average(name), decay), tf.mul(weights, 1 - decay)))
        weights.dispose()
        set(name, next)
      }
    },
    apply: (steps) => {
      const whole = 1 - decay ** steps
      for (const [name, parameter] of Object.entries(parameters)) {
        const corrected = tf.div(average(name), whole)
        parameter.assign(corrected)
        corrected.dispose()
      }
    },
    exportState: () =>
      Object.fromEntries(Object.keys(parameters).map((name) => [name, readFloats(() => tf.clone(average(name)))])),
    stateBlocks: () =>
      Object.fromEntries(
        Object.keys(parameters).map((name) => {
          const blocks = () => [readFloats(() => tf.clone(average(name)))]
          return [name, { length: average(name).size, blocks }]
        })
      ),
    restoreState: (state) => {
      for (const [name, { shape }] of Object.entries(parameters)) {
        const sums = state[name] as Float32Array | FloatBlocks
        set(name, tf.tensor(sums instanceof Float32Array ? sums.slice() : joinBlocks(sums), shape, "float32"))
      }
    },
    dispose: () => tf.dispose([...averages.values()])
  }
}
