/**
 * The sparse kernels in operations of our own (sae-*.cc): selection, one pass over a batch's reconstruction, and sums whose
 * order does not depend on the CPU or on threads.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { SparseKernels } from "./sparse-kernels.ts"
import { makePattern, type SparsePattern, withValue } from "./sparse-pattern.ts"
import type { Choice, SelectedPairs } from "./select-pairs.ts"
import { tensorflowKernels } from "./tensorflow-kernels.ts"
import { boolAttribute, executeOp, executeSingle, floatAttribute, intAttribute } from "../tensorflow/tensorflow-ops.ts"

const modes = { rows: 0, batch: 1, above: 2 } as const

/** What TensorFlow says of NaN, as the other kernels say it. */
const select = (...args: Parameters<typeof executeOp>): Array<tf.Tensor> => {
  try {
    return executeOp(...args)
  } catch (cause) {
    throw cause instanceof Error && cause.message.includes("NaN") ? new RangeError(cause.message) : cause
  }
}

const limitOf = (choice: Choice, latents: number): tf.Tensor1D => {
  if (!("above" in choice)) return tf.tensor1d([], "float32")
  if (typeof choice.above !== "number") return choice.above
  return tf.tensor1d(new Float32Array(latents).fill(choice.above), "float32")
}

/** `selectPairs` of select-pairs.ts. `by`: who multiplies. */
export const compiledSelection = (
  x: tf.Tensor2D,
  weights: tf.Tensor2D,
  bias: tf.Tensor1D,
  choice: Choice,
  by: number,
  absolute: boolean
): SelectedPairs => {
  const latents = weights.shape[0]
  let host: readonly [Int32Array, Int32Array, Float32Array] | undefined
  const value = tf.tidy(() => {
    const attributes = [
      intAttribute("mode", modes["above" in choice ? "above" : choice.from]),
      intAttribute("count", "above" in choice ? 0 : choice.count),
      intAttribute("by", by),
      boolAttribute("absolute", absolute)
    ]
    const inputs = [x, weights, bias, limitOf(choice, latents)]
    const [values, latent, starts, candidates] = select("SaeSelect", attributes, inputs, 4)
    host = [starts!.dataSync<"int32">(), latent!.dataSync<"int32">(), candidates!.dataSync<"float32">()]
    return values as tf.Tensor1D
  })
  const [starts, latent, candidates] = host!
  return { codes: withValue(makePattern(latents, starts, latent), value), candidates: candidates[0]! }
}

export interface PrefixErrors {
  /** f32 [prefixes * rows, d] */
  readonly gradient: tf.Tensor2D
  readonly dots: Float32Array
  readonly squares: Float64Array
  /** Sum over the rows of the first prefix's gradient: [d] */
  readonly columns: tf.Tensor1D
}

/** Of other values of the same pairs, all latents in one. */
export interface OtherErrors {
  readonly dots: Float32Array
  readonly square: number
}

/** SaeDecode of sae-decode.cc; call in a tidy. */
const decodeOp = (
  pattern: SparsePattern,
  value: tf.Tensor1D,
  weights: tf.Tensor2D,
  base: tf.Tensor2D,
  scale: number,
  ends: Int32Array,
  dots: boolean,
  others: Float32Array = new Float32Array(0)
): Array<tf.Tensor> =>
  executeOp(
    "SaeDecode",
    [floatAttribute("scale", scale), boolAttribute("with_dots", dots)],
    [
      value,
      tf.tensor1d(pattern.latent, "int32"),
      tf.tensor1d(pattern.rowStart, "int32"),
      weights,
      base,
      tf.tensor1d(ends, "int32"),
      tf.tensor1d(others, "float32")
    ],
    6
  )

/** `decodeErrors` and `decodeBoth` of decode-errors.ts in one operation. */
export const compiledDecodeErrors = (
  pattern: SparsePattern,
  value: Float32Array,
  weights: tf.Tensor2D,
  base: tf.Tensor2D,
  scale: number,
  ends: Int32Array,
  others?: Float32Array
): PrefixErrors & { readonly others: OtherErrors } => {
  const [gradient, dots, squares, columns, otherDots, otherSquares] = tf.tidy(() =>
    decodeOp(pattern, tf.tensor1d(value, "float32"), weights, base, scale, ends, true, others)
  ) as [tf.Tensor2D, tf.Tensor1D, tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D]
  const ofRows = squares.dataSync<"float32">()
  const sums = new Float64Array(ends.length)
  for (let i = 0; i < ofRows.length; i++) sums[i % sums.length] = sums[i % sums.length]! + ofRows[i]!
  // Without pairs nothing tells the operation that there are two values of each: both decode to nothing.
  const none = pattern.latent.length === 0
  const square = none ? sums[0]! : otherSquares.dataSync<"float32">().reduce((sum, each) => sum + each, 0)
  const result = {
    gradient,
    dots: dots.dataSync<"float32">(),
    squares: sums,
    columns,
    others: { dots: otherDots.dataSync<"float32">(), square }
  }
  tf.dispose([dots, squares, otherDots, otherSquares])
  return result
}

export const compiledKernels: SparseKernels = {
  ...tensorflowKernels,
  decode: (codes, weights) =>
    tf.tidy(() => {
      const none = tf.zeros<tf.Rank.R2>([codes.rows, weights.shape[1]])
      return decodeOp(codes, codes.value, weights, none, 1, Int32Array.of(codes.latents), false)[0] as tf.Tensor2D
    }),
  scatterToLatents: (pattern, value, x) =>
    tf.tidy(() => {
      const [latent, row] = [tf.tensor1d(pattern.latent, "int32"), tf.tensor1d(pattern.row, "int32")]
      const count = tf.scalar(pattern.latents, "int32")
      return executeSingle("SaeScatter", [], [value, latent, row, x, count]) as tf.Tensor2D
    })
}
