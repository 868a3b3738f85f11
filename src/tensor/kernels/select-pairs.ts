/**
 * The active pairs of an encoder, x W^T + bias: chosen by operations of our own with a proof (sae-select.cc), whose values do
 * not depend on who multiplied; elsewhere from the whole product.
 */
import * as tf from "@tensorflow/tfjs-core"
import { compiledOpsLoaded, type Precision, productsBy } from "../tensorflow/compiled-ops.ts"
import { compiledSelection } from "./compiled-kernels.ts"
import { aboveThreshold, topKBatch, topKRows } from "./sparse-kernels.ts"
import { type SparseCodes, withValue } from "./sparse-pattern.ts"

/** The `count` largest of every row, or of all rows together; or all above a limit, one number or f32 [latents]. */
export type Choice =
  | { readonly from: "rows" | "batch"; readonly count: number }
  | { readonly above: number | tf.Tensor1D }

export type { Precision } from "../tensorflow/compiled-ops.ts"

export interface SelectOptions {
  /** @default "auto" */
  readonly precision?: Precision
  /** Whether pairs are chosen by their magnitudes; values keep their signs. @default false */
  readonly absolute?: boolean
}

export interface SelectedPairs {
  readonly codes: SparseCodes
  /** Pairs whose value was computed to decide; undefined where all were. */
  readonly candidates: number | undefined
}

/** With fewer weights rounding them costs what the product saves. */
const worthRounding = 1 << 17

const needs = {
  bf16: "a CPU that multiplies bfloat16 (AVX-512 BF16)",
  int16: "an x64 CPU",
  int8: "a CPU with dot products of integers (AVX-512 VNNI)"
} as const

/** Why `precision` cannot be had here, if so. */
export const precisionProblem = (precision: Precision): string | undefined =>
  precision === "auto" || precision === "f32" || productsBy(precision) !== undefined
    ? undefined
    : `precision is ${precision}, which needs the tensorflow engine with operations of our own, on ${needs[precision]}; set it to ` +
      "auto or f32: what comes out is the same"

/** The values at the pairs of a pattern, of a matrix with as many rows and latents. Owned by the caller. */
const valuesAt = (matrix: tf.Tensor2D, { row, latent, latents }: SparseCodes): tf.Tensor1D =>
  tf.tidy(() => {
    const places = latent.map((j, i) => (row[i] as number) * latents + j)
    return tf.gather(tf.reshape<tf.Rank.R1>(matrix, [-1]), tf.tensor1d(places, "int32"))
  })

const fromProduct = (z: tf.Tensor2D, choice: Choice, absolute: boolean): SparseCodes => {
  const sizes = absolute ? tf.abs(z) : z
  const codes =
    "above" in choice
      ? aboveThreshold(sizes, choice.above)
      : choice.from === "rows"
        ? topKRows(sizes, choice.count)
        : topKBatch(sizes, choice.count)
  if (!absolute) return codes
  const signed = valuesAt(z, codes)
  tf.dispose([sizes, codes.value])
  return withValue(codes, signed)
}

/**
 * Equal numbers: the lower row, then the lower latent. The caller owns the values. Throws RangeError where NaN is among the
 * numbers to choose from.
 *
 * @param x [rows, d]
 * @param weights [latents, d]
 * @param bias [latents]
 */
export const selectPairs = (
  x: tf.Tensor2D,
  weights: tf.Tensor2D,
  bias: tf.Tensor1D,
  choice: Choice,
  { precision = "auto", absolute = false }: SelectOptions = {}
): SelectedPairs => {
  const [rows, latents] = [x.shape[0], weights.shape[0]]
  if (weights.shape[1] !== x.shape[1] || bias.size !== latents) {
    const shapes = [x, weights, bias].map(({ shape }) => `[${shape.join(", ")}]`)
    throw new RangeError(
      `selectPairs: rows ${shapes[0]}, weights ${shapes[1]} and bias ${shapes[2]}: shapes do not agree`
    )
  }
  if (!("above" in choice)) {
    const most = choice.from === "rows" ? latents : rows * latents
    if (!Number.isInteger(choice.count) || choice.count < 1 || choice.count > most) {
      throw new RangeError(`selectPairs: expected an integer from 1 to ${most} of ${choice.from}, got ${choice.count}`)
    }
  }
  if (compiledOpsLoaded()) {
    const by = productsBy(precision === "auto" && weights.size < worthRounding ? "f32" : precision)
    if (by === undefined) throw new RangeError(`selectPairs: ${precisionProblem(precision)}`)
    return compiledSelection(x, weights, bias, choice, by, absolute)
  }
  const product = tf.matMul<tf.Tensor2D>(x, weights, false, true)
  const z = tf.add<tf.Tensor2D>(product, bias)
  product.dispose()
  const codes = fromProduct(z, choice, absolute)
  z.dispose()
  return { codes, candidates: undefined }
}
