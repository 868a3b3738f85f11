/**
 * A dense parameter with its Adam moments on the active engine: TensorFlow's fused operation in place, shaders on a GPU, or one
 * pass over typed arrays elsewhere. Both language model and autoencoder trainers are built on it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type FloatBlocks, joinBlocks, oneBlock } from "../../numeric/float-blocks.ts"
import { checkGradient } from "./adam-coefficients.ts"
import { type AdamState, checkState, mapState, type StateName, stateNames } from "./adam-state.ts"
import { isLatentGradient, type LatentGradient, matrixShape, toMatrix } from "../kernels/latent-gradient.ts"
import { sumOfSquares } from "../kernels/fixed-sums.ts"
import { makePortableAdam } from "./portable-adam.ts"
import { makeTensorflowAdam } from "./tensorflow-adam.ts"
import { makeWebgpuAdam } from "./webgpu-adam.ts"
import { projectGradient, unitRows } from "../kernels/unit-rows.ts"

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
  /** What the gradient is multiplied by, as clipping does. @default 1 */
  readonly factor?: number
  /** Rows of a matrix keep norm one: the gradient's component along each is left out, and they are divided by their norms. */
  readonly unit?: boolean
}

/** First weights that are made while they are taken in. */
export interface WeightBlocks<R extends tf.Rank> {
  readonly shape: tf.ShapeMap[R]
  readonly weights: FloatBlocks
}

export interface AdamVariable<R extends tf.Rank = tf.Rank> {
  readonly shape: tf.ShapeMap[R]
  /** The weights as a tensor owned by the caller. Dispose it before `apply`: TensorFlow else copies the variable first. */
  readonly read: () => tf.Tensor<R>
  /** One step of Adam with a gradient of the variable's shape. Nothing is checked for NaN. The gradient is not disposed of. */
  readonly apply: (gradient: tf.Tensor | LatentGradient, step: AdamStep) => void
  /** |gradient|^2, without its components along the rows where `unit`. */
  readonly squaredNorm: (gradient: tf.Tensor | LatentGradient, unit?: boolean) => number
  /** Overwrites the weights (decoder normalisation, for example); the moments stay. */
  readonly assign: (weights: tf.Tensor) => void
  readonly exportState: () => AdamState
  /** The same, read where it is asked for: to be used up before the next step. */
  readonly stateBlocks: () => AdamState<FloatBlocks>
  readonly restoreState: (state: AdamState<Float32Array | FloatBlocks>) => void
  /** After the last step: the memory of the moments, two thirds of all. */
  readonly freeMoments: () => void
  readonly dispose: () => void
}

/** What an engine brings: dense steps, and steps of gradients that are given by their parts where it can do them. */
export interface EngineAdam<R extends tf.Rank> extends Pick<
  AdamVariable<R>,
  "shape" | "read" | "assign" | "freeMoments" | "dispose"
> {
  /** Of the first axis, row `from` up to `to`: a copy, or the array itself. */
  readonly readRows: (name: StateName, from: number, to: number) => Float32Array
  /** All of it, copied. */
  readonly write: (name: StateName, values: FloatBlocks) => void
  readonly applyDense: (gradient: tf.Tensor, step: AdamStep) => void
  /** Squared norms of the gradient's rows; nothing else without a step. */
  readonly latents?: (gradient: LatentGradient, unit: boolean, step?: AdamStep) => Float32Array
}

const sumOf = (values: Float32Array): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

const makeEngineAdam = <R extends tf.Rank>(shape: tf.ShapeMap[R]): EngineAdam<R> => {
  const engine = tf.getBackend()
  if (engine === "webgpu") return makeWebgpuAdam(shape)
  return engine === "tensorflow" ? makeTensorflowAdam(shape) : makePortableAdam(shape)
}

/** Numbers of a block, 4 MiB. */
const blockNumbers = 2 ** 20

/**
 * A variable with these first weights (f32; copied) and zero moments. It lives until its `dispose`, also when made inside
 * `tf.tidy`. Adam: Kingma and Ba 2015, as torch.optim.Adam computes it: w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 -
 * beta2^t)) + eps).
 */
export const makeAdamVariable = <R extends tf.Rank>(first: tf.Tensor<R> | WeightBlocks<R>): AdamVariable<R> => {
  if ("dtype" in first && first.dtype !== "float32") {
    throw new RangeError(`an AdamVariable holds float32 weights, got ${first.dtype}`)
  }
  const { shape } = first
  const size = shape.reduce((product, n) => product * n, 1)
  const [rows = 1] = shape
  const width = size / rows
  const { applyDense, latents, readRows, write, ...engine }: EngineAdam<R> = makeEngineAdam(shape)

  const read = (name: StateName): FloatBlocks => ({
    length: size,
    *blocks() {
      const step = Math.max(1, Math.floor(blockNumbers / width))
      for (let from = 0; from < rows; from += step) yield readRows(name, from, Math.min(rows, from + step))
    }
  })
  if ("weights" in first) write("weights", first.weights)
  else engine.assign(first)

  /** The gradient as a matrix, as it is applied: owned by the caller. */
  const dense = (gradient: tf.Tensor | LatentGradient, unit: boolean): tf.Tensor => {
    if (!unit && !isLatentGradient(gradient)) return tf.clone(gradient)
    const rows = engine.read() as tf.Tensor2D
    const whole = toMatrix(gradient as tf.Tensor2D, rows)
    const result = unit ? projectGradient(whole, rows) : tf.clone(whole)
    tf.dispose([rows, whole])
    return result
  }

  const apply = (gradient: tf.Tensor | LatentGradient, step: AdamStep): void => {
    const { unit = false, factor = 1 } = step
    checkGradient(engine.shape, isLatentGradient(gradient) ? matrixShape(gradient) : gradient)
    if (latents !== undefined && isLatentGradient(gradient)) return void latents(gradient, unit, step)
    const whole = dense(gradient, unit)
    const scaled = factor === 1 ? tf.clone(whole) : tf.mul(whole, factor)
    whole.dispose()
    applyDense(scaled, step)
    scaled.dispose()
    if (!unit) return
    const moved = engine.read() as tf.Tensor2D
    const rows = unitRows(moved)
    moved.dispose()
    engine.assign(rows as tf.Tensor as tf.Tensor<R>)
    rows.dispose()
  }

  const squaredNorm = (gradient: tf.Tensor | LatentGradient, unit = false): number => {
    if (latents !== undefined && isLatentGradient(gradient)) return sumOf(latents(gradient, unit))
    const whole = dense(gradient, unit)
    const square = sumOfSquares(whole)
    whole.dispose()
    return square
  }

  return {
    ...engine,
    apply,
    squaredNorm,
    exportState: () => mapState((name) => joinBlocks(read(name))),
    stateBlocks: () => mapState(read),
    restoreState: (state) => {
      const given = mapState((name): FloatBlocks => {
        const values = state[name]
        return values instanceof Float32Array ? oneBlock(values) : values
      })
      checkState(size, given)
      for (const name of stateNames) write(name, given[name])
    }
  }
}
