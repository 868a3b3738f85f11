/**
 * What a batch's reconstruction misses, and the gradients that follow from it: in one operation of our own where there is
 * one, else with a product for the codes and one for the dots.
 *
 *   e_g = base + sum over the pairs of latents below ends[g] of value * weights[latent]
 *   loss = scale / 2 * sum over rows and g of |e_g|^2
 */
import * as tf from "@tensorflow/tfjs-core"
import { compiledDecodeErrors, type OtherErrors, type PrefixErrors } from "../../tensor/kernels/compiled-kernels.ts"
import { compiledOpsLoaded } from "../../tensor/tensorflow/compiled-ops.ts"
import { makePattern, type SparsePattern } from "../../tensor/kernels/sparse-pattern.ts"
import { decodePairs, pairDots } from "./code-products.ts"

interface Group {
  readonly first: number
  /** Its pairs, latents counted from its first; and where they are among all pairs. */
  readonly pattern: SparsePattern
  readonly at: Int32Array
}

const splitPairs = (pattern: SparsePattern, ends: Int32Array): ReadonlyArray<Group> =>
  Array.from(ends, (end, g) => {
    const first = g === 0 ? 0 : (ends[g - 1] as number)
    if (ends.length === 1) return { first, pattern, at: Int32Array.from(pattern.latent.keys()) }
    const at: Array<number> = []
    const rowStart = new Int32Array(pattern.rows + 1)
    for (let i = 0; i < pattern.latent.length; i++) {
      const j = pattern.latent[i] as number
      if (j < first || j >= end) continue
      at.push(i)
      const row = (pattern.row[i] as number) + 1
      rowStart[row] = (rowStart[row] as number) + 1
    }
    for (let r = 0; r < pattern.rows; r++) rowStart[r + 1] = (rowStart[r + 1] as number) + (rowStart[r] as number)
    const latent = Int32Array.from(at, (i) => (pattern.latent[i] as number) - first)
    return { first, pattern: makePattern(end - first, rowStart, latent), at: Int32Array.from(at) }
  })

const pick = (values: Float32Array, at: Int32Array): Float32Array => Float32Array.from(at, (i) => values[i] as number)

/**
 * `gradient` [G * rows, d]: block g is the gradient of the loss by what a latent between ends[g - 1] and ends[g] adds to
 * the output, scale times the sum of e_h over h >= g; `dots` [n]: the gradient of every pair's value; `squares` [G]: the
 * sums over rows of |e_g|^2; `columns` [d]: the sum over rows of the first block.
 *
 * @param value f32 [n]
 * @param weights [latents, d]
 * @param base [rows, d]
 * @param ends ascending, the last one the number of latents
 */
export const decodeErrors = (
  pattern: SparsePattern,
  value: Float32Array,
  weights: tf.Tensor2D,
  base: tf.Tensor2D,
  scale: number,
  ends: Int32Array
): PrefixErrors => {
  if (compiledOpsLoaded()) {
    return compiledDecodeErrors(pattern, value, weights, base, scale, ends)
  }
  const groups = splitPairs(pattern, ends)
  const parts = groups.map((group) => tf.slice2d(weights, [group.first, 0], [group.pattern.latents, weights.shape[1]]))
  const errors: Array<tf.Tensor2D> = []
  for (const [g, group] of groups.entries()) {
    errors.push(
      tf.tidy(() =>
        tf.add<tf.Tensor2D>(
          decodePairs(group.pattern, pick(value, group.at), parts[g] as tf.Tensor2D),
          errors[g - 1] ?? base
        )
      )
    )
  }
  const squares = Float64Array.from(errors, (error) => {
    const sum = tf.tidy(() => tf.sum(tf.square(error)))
    const [square] = sum.dataSync<"float32">()
    sum.dispose()
    return square as number
  })
  const dots = new Float32Array(value.length)
  const gradients: Array<tf.Tensor2D> = []
  for (let g = groups.length - 1; g >= 0; g--) {
    const { pattern: own, at } = groups[g] as Group
    const scaled = tf.tidy(() => {
      const part = tf.mul<tf.Tensor2D>(errors[g] as tf.Tensor2D, scale)
      return gradients[0] === undefined ? part : tf.add<tf.Tensor2D>(part, gradients[0])
    })
    gradients.unshift(scaled)
    const found = pairDots(own, parts[g] as tf.Tensor2D, scaled)
    for (let n = 0; n < at.length; n++) dots[at[n] as number] = found[n] as number
  }
  const gradient = tf.concat2d(gradients, 0)
  const columns = tf.sum<tf.Tensor1D>(gradients[0] as tf.Tensor2D, 0)
  tf.dispose([parts, errors, gradients])
  return { gradient, dots, squares, columns }
}

/** `decodeErrors` of two values of every pair; of the second only what their gradients need. Weights are read once for both. */
export const decodeBoth = (
  pattern: SparsePattern,
  value: Float32Array,
  others: Float32Array,
  weights: tf.Tensor2D,
  base: tf.Tensor2D,
  scale: number
): PrefixErrors & { readonly others: OtherErrors } => {
  const ends = Int32Array.of(pattern.latents)
  if (compiledOpsLoaded()) return compiledDecodeErrors(pattern, value, weights, base, scale, ends, others)
  const made = decodeErrors(pattern, value, weights, base, scale, ends)
  const { gradient, dots, squares, columns } = decodeErrors(pattern, others, weights, base, scale, ends)
  tf.dispose([gradient, columns])
  return { ...made, others: { dots, square: squares[0] as number } }
}
