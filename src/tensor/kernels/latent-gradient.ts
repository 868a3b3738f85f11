/**
 * The gradient of a latent-major matrix [latents, d] by its parts, so that it need not be written down: for latent j the
 * sum over its pairs of value * x[row], plus multiples of the matrix's own row, plus rows of few latents.
 */
import * as tf from "@tensorflow/tfjs-core"
import { scatterToLatents } from "./sparse-kernels.ts"
import type { SparsePattern } from "./sparse-pattern.ts"

export interface LatentGradient {
  /** The pairs; `row` counts rows of `x`. */
  readonly pattern: SparsePattern
  /** [n] */
  readonly value: Float32Array
  /** [pattern.rows, d], owned by the gradient. */
  readonly x: tf.Tensor2D
  /** [latents, parts]: what parts of a row of the matrix are multiplied by; `widths` of the parts add up to d. */
  readonly along?: { readonly factor: Float32Array; readonly widths: ReadonlyArray<number> }
  /** `rows` [latents.length, d], owned by the gradient, are added at these latents, no latent twice. */
  readonly more?: { readonly latents: Int32Array; readonly rows: tf.Tensor2D }
}

export type MatrixGradient = tf.Tensor2D | LatentGradient

export const isLatentGradient = (gradient: tf.Tensor | LatentGradient): gradient is LatentGradient =>
  !(gradient instanceof tf.Tensor)

export const matrixShape = ({ pattern, x }: LatentGradient): { readonly shape: [number, number] } => ({
  shape: [pattern.latents, x.shape[1]]
})

/** `rows` at these latents, zeros elsewhere: [latents, d]. */
const rowsAt = ({ latents, rows }: NonNullable<LatentGradient["more"]>, height: number): tf.Tensor2D =>
  tf.scatterND(tf.tensor2d(latents, [latents.length, 1], "int32"), rows, [height, rows.shape[1]])

/** Multiples of the parts of the matrix's rows: [latents, d]. */
const alongRows = ({ factor, widths }: NonNullable<LatentGradient["along"]>, weights: tf.Tensor2D): tf.Tensor2D => {
  const [latents] = weights.shape
  const factors = tf.tensor2d(factor, [latents, widths.length])
  let start = 0
  const parts = widths.map((width, p) => {
    const part = tf.slice2d(weights, [0, start], [latents, width])
    start += width
    return tf.mul<tf.Tensor2D>(part, tf.slice2d(factors, [0, p], [latents, 1]))
  })
  return parts.length === 1 ? (parts[0] as tf.Tensor2D) : tf.concat2d(parts, 1)
}

/**
 * The gradient as a matrix, owned by the caller. `weights` is the matrix it is the gradient of; `sumPairs` makes the sum
 * over the pairs.
 */
export const toMatrix = (
  gradient: MatrixGradient,
  weights: tf.Tensor2D,
  sumPairs: (gradient: LatentGradient) => tf.Tensor2D = ({ pattern, value, x }) =>
    scatterToLatents(pattern, tf.tensor1d(value, "float32"), x)
): tf.Tensor2D =>
  tf.tidy(() => {
    if (!isLatentGradient(gradient)) return tf.clone(gradient)
    const { along, more } = gradient
    let sum = sumPairs(gradient)
    if (along !== undefined) sum = tf.add(sum, alongRows(along, weights))
    return more === undefined ? sum : tf.add(sum, rowsAt(more, weights.shape[0]))
  })

/** Disposes of every tensor that the gradient owns. */
export const disposeGradient = (gradient: tf.Tensor | LatentGradient): void => {
  if (!isLatentGradient(gradient)) return gradient.dispose()
  gradient.x.dispose()
  gradient.more?.rows.dispose()
}
