/** The sparse kernels in operations of our own (sae-ops.cc): selection, and one pass over a batch's reconstruction. */
import * as tf from "@tensorflow/tfjs-core"
import type { SparseKernels } from "./sparse-kernels.ts"
import { makePattern, type SparseCodes, type SparsePattern, withValue } from "./sparse-pattern.ts"
import { tensorflowKernels } from "./tensorflow-kernels.ts"
import {
  boolAttribute,
  castTo,
  dataType,
  executeOp,
  executeSingle,
  floatAttribute,
  intAttribute,
  typeAttribute
} from "../tensorflow/tensorflow-ops.ts"

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

interface Choice {
  readonly mode: keyof typeof modes
  /** Pairs of a row, or of the batch. */
  readonly count: number
  readonly bias: tf.Tensor1D | undefined
  readonly limit?: number | tf.Tensor1D
  /** Where `pre` is an estimate in bfloat16: what it is an estimate of, and how many candidates more a row to take. */
  readonly exact?: { readonly x: tf.Tensor2D; readonly weights: tf.Tensor2D; readonly extra: number }
}

const selectPairs = (
  pre: tf.Tensor,
  latents: number,
  choice: Choice
): SparseCodes & { readonly retries: Int32Array } => {
  const { mode, count, bias, limit = [], exact } = choice
  let host: readonly [Int32Array, Int32Array, Int32Array] | undefined
  const value = tf.tidy(() => {
    // -0 is what changes no number when it is added.
    const added = bias ?? constant(latents, -0)
    const limits = typeof limit === "number" ? constant(latents, limit) : tf.tensor1d([])
    const given = limit instanceof tf.Tensor ? limit : limits
    const none = tf.zeros([0, 0])
    const attributes = [
      typeAttribute("T", exact === undefined ? dataType.float32 : dataType.bfloat16),
      intAttribute("mode", modes[mode]),
      intAttribute("count", count),
      intAttribute("extra", exact?.extra ?? 0)
    ]
    const inputs = [pre, added, given, exact?.x ?? none, exact?.weights ?? none]
    const [values, latent, starts, retries] = select("SaeSelect", attributes, inputs, 4)
    host = [starts!.dataSync<"int32">(), latent!.dataSync<"int32">(), retries!.dataSync<"int32">()]
    return values as tf.Tensor1D
  })
  const [starts, latent, retries] = host!
  return { ...withValue(makePattern(latents, starts, latent), value), retries }
}

export interface ExactSelection {
  readonly codes: SparseCodes
  /** Rows whose candidates were too few at first. */
  readonly redone: number
}

/** Candidates of a row beyond those wanted. */
const EXTRA = 16

/**
 * The `count` largest entries of each row, or of the whole batch, of x W^T + bias: candidates by a product in bfloat16,
 * then their values in f32, and again with twice the candidates where the last one taken is not clear of those left out
 * by twice the largest error seen. That check is a statistical one: a latent whose estimate is off by more than twice
 * what any candidate's is could be missed.
 */
export const selectByCandidates = (
  mode: "rows" | "batch",
  count: number,
  x: tf.Tensor2D,
  weights: tf.Tensor2D,
  bias: tf.Tensor1D
): ExactSelection => {
  const pre = tf.tidy(() => {
    const half = (tensor: tf.Tensor) => castTo(tensor, dataType.float32, dataType.bfloat16)
    const attributes = [
      typeAttribute("T", dataType.bfloat16),
      boolAttribute("transpose_a", false),
      boolAttribute("transpose_b", true)
    ]
    return executeSingle("MatMul", attributes, [half(x), half(weights)])
  })
  const { retries, ...codes } = selectPairs(pre, weights.shape[0], {
    mode,
    count,
    bias,
    exact: { x, weights, extra: EXTRA }
  })
  pre.dispose()
  let redone = 0
  for (const times of retries) if (times > 0) redone += 1
  // A batch is chosen from as a whole.
  return { codes, redone: mode === "batch" && redone > 0 ? x.shape[0] : redone }
}

export const compiledKernels: SparseKernels = {
  ...tensorflowKernels,
  topKRows: (pre, k, bias) => selectPairs(pre, pre.shape[1], { mode: "rows", count: k, bias }),
  topKBatch: (pre, count, bias) => selectPairs(pre, pre.shape[1], { mode: "batch", count, bias }),
  aboveThreshold: (pre, limit, bias) => selectPairs(pre, pre.shape[1], { mode: "above", count: 0, bias, limit })
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
