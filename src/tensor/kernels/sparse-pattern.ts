/**
 * Which latents are active in which row of a batch. Only k of d_sae latents are, so everything after the encoder works
 * on these pairs. The structure is kept on the host, where sorting it costs a millisecond; the values are a tensor.
 */
import type * as tf from "@tensorflow/tfjs-core"

/** n active (row, latent) pairs of a [rows, latents] matrix, in row-major order: rows ascending, latents ascending within a row, no pair twice. */
export interface SparsePattern {
  /** Rows of the batch, B. */
  readonly rows: number
  /** Columns of the code matrix, d_sae. */
  readonly latents: number
  /** int32 [rows + 1]: the pairs of row i are rowStart[i] .. rowStart[i + 1] - 1. */
  readonly rowStart: Int32Array
  /** int32 [n] */
  readonly row: Int32Array
  /** int32 [n] */
  readonly latent: Int32Array
}

/** A sparse [rows, latents] matrix. */
export interface SparseCodes extends SparsePattern {
  /** f32 [n], on the engine; the caller owns it (`tf.tidy` or `dispose`). */
  readonly value: tf.Tensor1D
}

/** The same pairs with other values (f32 [n]): codes after a ReLU, or gradients of the active values. */
export const withValue = (pattern: SparsePattern, value: tf.Tensor1D): SparseCodes => {
  const { rows, latents, rowStart, row, latent } = pattern
  return { rows, latents, rowStart, row, latent, value }
}

/** `latent` holds the pairs row after row, `rowStart` where each row begins. */
export const makePattern = (latents: number, rowStart: Int32Array, latent: Int32Array): SparsePattern => {
  const rows = rowStart.length - 1
  const row = new Int32Array(latent.length)
  for (let i = 0; i < rows; i++) row.fill(i, rowStart[i], rowStart[i + 1])
  return { rows, latents, rowStart, row, latent }
}

/** The pairs sorted by latent, rows ascending within a latent. */
export interface LatentOrder {
  /** int32 [latents + 1]: the pairs of latent j are at start[j] .. start[j + 1] - 1 of `pair`. */
  readonly start: Int32Array
  /** int32 [n]: positions in the row-major order. */
  readonly pair: Int32Array
}

const orders = new WeakMap<SparsePattern, LatentOrder>()

/** A counting sort, O(n + latents), remembered for the pattern. `start` differences are how often each latent fired. */
export const latentOrder = (pattern: SparsePattern): LatentOrder => {
  const known = orders.get(pattern)
  if (known !== undefined) return known
  const { latents, latent } = pattern
  const start = new Int32Array(latents + 1)
  for (const j of latent) start[j + 1] = start[j + 1]! + 1
  for (let j = 0; j < latents; j++) start[j + 1] = start[j + 1]! + start[j]!
  const next = start.slice()
  const pair = new Int32Array(latent.length)
  for (let i = 0; i < latent.length; i++) {
    const j = latent[i]!
    const place = next[j]!
    next[j] = place + 1
    pair[place] = i
  }
  const order = { start, pair }
  orders.set(pattern, order)
  return order
}
