/** The sparse kernels in operations of our own (sae-ops.cc): selection, and one pass over a batch's reconstruction. */
import * as tf from "@tensorflow/tfjs-core"
import type { SparseKernels } from "./sparse-kernels.ts"
import { makePattern, type SparseCodes, type SparsePattern, withValue } from "./sparse-pattern.ts"
import { tensorflowKernels } from "./tensorflow-kernels.ts"
import { executeOp, floatAttribute, intAttribute } from "./tensorflow-ops.ts"

const modes = { rows: 0, batch: 1, above: 2 } as const

/** What TensorFlow says of NaN, as the other kernels say it. */
const select = (...args: Parameters<typeof executeOp>): Array<tf.Tensor> => {
  try {
    return executeOp(...args)
  } catch (cause) {
    throw cause instanceof Error && cause.message.includes("NaN") ? new RangeError(cause.message) : cause
  }
}

const constant = (length: number, value: number): tf.Tensor1D =>
  tf.tensor1d(new Float32Array(length).fill(value), "float32")

const selectPairs = (
  mode: keyof typeof modes,
  pre: tf.Tensor2D,
  bias: tf.Tensor1D | undefined,
  count: number,
  limit: number | tf.Tensor1D
): SparseCodes => {
  const latents = pre.shape[1]
  let host: readonly [Int32Array, Int32Array] | undefined
  const value = tf.tidy(() => {
    // -0 is what changes no number when it is added.
    const added = bias ?? constant(latents, -0)
    const limits = typeof limit === "number" ? constant(latents, limit) : limit
    const attributes = [intAttribute("mode", modes[mode]), intAttribute("count", count)]
    const [values, latent, starts] = select("SaeSelect", attributes, [pre, added, limits], 3)
    host = [starts!.dataSync<"int32">(), latent!.dataSync<"int32">()]
    return values as tf.Tensor1D
  })
  const [starts, latent] = host!
  return withValue(makePattern(latents, starts, latent), value)
}

export const compiledKernels: SparseKernels = {
  ...tensorflowKernels,
  topKRows: (pre, k, bias) => selectPairs("rows", pre, bias, k, 0),
  topKBatch: (pre, count, bias) => selectPairs("batch", pre, bias, count, 0),
  aboveThreshold: (pre, threshold, bias) => selectPairs("above", pre, bias, 0, threshold)
}

export interface PrefixErrors {
  /** f32 [prefixes * rows, d] */
  readonly gradient: tf.Tensor2D
  readonly dots: Float32Array
  readonly squares: Float64Array
}

/** `decodeErrors` of decode-errors.ts in one operation. */
export const compiledDecodeErrors = (
  pattern: SparsePattern,
  value: Float32Array,
  weights: tf.Tensor2D,
  base: tf.Tensor2D,
  scale: number,
  ends: Int32Array
): PrefixErrors => {
  const [gradient, dots, squares] = tf.tidy(() =>
    executeOp(
      "SaeDecode",
      [floatAttribute("scale", scale)],
      [
        tf.tensor1d(value, "float32"),
        tf.tensor1d(pattern.latent, "int32"),
        tf.tensor1d(pattern.rowStart, "int32"),
        weights,
        base,
        tf.tensor1d(ends, "int32")
      ],
      3
    )
  ) as [tf.Tensor2D, tf.Tensor1D, tf.Tensor2D]
  const ofRows = squares.dataSync<"float32">()
  const sums = new Float64Array(ends.length)
  for (let i = 0; i < ofRows.length; i++) sums[i % sums.length] = sums[i % sums.length]! + ofRows[i]!
  const result = { gradient, dots: dots.dataSync<"float32">(), squares: sums }
  tf.dispose([dots, squares])
  return result
}
