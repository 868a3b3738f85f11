/**
 * AdamW (Loshchilov and Hutter 2019) over named parameters that stay on the engine, with clipping of the global gradient
 * norm. Weight decay applies to parameters with two or more axes only.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type AdamVariable, makeAdamVariable } from "../../tensor/adam/adam-variable.ts"

export interface AdamWOptions {
  readonly beta1: number
  readonly beta2: number
  readonly eps: number
  readonly weightDecay: number
  /** Greatest global norm of the gradient. */
  readonly clip: number
}

export interface Parameter {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly values: Float32Array
}

export type ParameterArrays = Readonly<Record<string, Float32Array<ArrayBuffer>>>

export interface AdamW {
  /** The parameters as tensors owned by the caller, by name. Dispose them before `apply`. */
  readonly read: () => Record<string, tf.Tensor>
  /**
   * One update.
   *
   * @param gradients by parameter name; owned by the caller
   * @param step counts from 1
   * @returns the gradient norm before clipping
   * @throws RangeError when the gradient is not finite: nothing has been changed then
   */
  readonly apply: (gradients: Readonly<Record<string, tf.Tensor>>, step: number, lr: number) => number
  /** `w/`, `m/` and `v/` before each parameter's name. */
  readonly state: () => ParameterArrays
  readonly restore: (state: ParameterArrays) => void
  readonly weights: () => ParameterArrays
  readonly dispose: () => void
}

export const makeAdamW = (parameters: ReadonlyArray<Parameter>, options: AdamWOptions): AdamW => {
  const variables: ReadonlyArray<{ readonly name: string; readonly variable: AdamVariable }> = parameters.map(
    ({ name, shape, values }) => {
      const initial = tf.tensor(values, [...shape], "float32")
      const variable = makeAdamVariable(initial)
      initial.dispose()
      return { name, variable }
    }
  )
  const { beta1, beta2, eps } = options

  const apply: AdamW["apply"] = (gradients, step, lr) => {
    const of = (name: string): tf.Tensor => {
      const gradient = gradients[name]
      if (gradient === undefined) throw new RangeError(`there is no gradient of ${name}`)
      return gradient
    }
    let norm = 0
    tf.tidy(() => {
      const squares = tf.stack(variables.map(({ name }) => tf.sum(tf.square(of(name))))).dataSync() as Float32Array
      norm = Math.sqrt(squares.reduce((sum, x) => sum + x, 0))
    })
    if (!Number.isFinite(norm)) throw new RangeError(`the gradient is not finite at step ${step}`)
    const scale = norm > options.clip ? options.clip / norm : 1
    for (const { name, variable } of variables) {
      tf.tidy(() => {
        if (options.weightDecay > 0 && variable.shape.length > 1) {
          const old = variable.read()
          const decayed = tf.mul(old, 1 - lr * options.weightDecay)
          old.dispose()
          variable.assign(decayed)
        }
        variable.apply(scale === 1 ? of(name) : tf.mul(of(name), scale), { lr, beta1, beta2, eps, step })
      })
    }
    return norm
  }

  return {
    read: () => Object.fromEntries(variables.map(({ name, variable }) => [name, variable.read()])),
    apply,
    state: () =>
      Object.fromEntries(
        variables.flatMap(({ name, variable }) => {
          const { weights, firstMoment, secondMoment } = variable.exportState()
          return [
            [`w/${name}`, Float32Array.from(weights)],
            [`m/${name}`, Float32Array.from(firstMoment)],
            [`v/${name}`, Float32Array.from(secondMoment)]
          ]
        })
      ),
    restore: (state) => {
      for (const { name, variable } of variables) {
        const part = (prefix: string): Float32Array => {
          const values = state[`${prefix}/${name}`]
          if (values === undefined) throw new RangeError(`the saved state has no ${prefix}/${name}`)
          return values
        }
        variable.restoreState({ weights: part("w"), firstMoment: part("m"), secondMoment: part("v") })
      }
    },
    weights: () =>
      Object.fromEntries(
        variables.map(({ name, variable }) => {
          const tensor = variable.read()
          const values = Float32Array.from(tensor.dataSync())
          tensor.dispose()
          return [name, values]
        })
      ),
    dispose: () => {
      for (const { variable } of variables) variable.dispose()
    }
  }
}
