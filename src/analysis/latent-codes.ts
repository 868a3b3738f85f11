/**
 * Codes of an SAE off the engine, in compressed rows: only the latents that fire are kept, in ascending order within a
 * row. The analyses work on these, since tens of some thousand latents are active.
 */
import * as tf from "@tensorflow/tfjs-core"
import { encodeRows, type SaeModel } from "../sae/sae-model.ts"
import type { SparseCodes } from "../tensor/kernels/sparse-pattern.ts"

export interface LatentCodes {
  readonly rows: number
  readonly d_sae: number
  /** [rows + 1]: the entries of row r are `offsets[r]` to `offsets[r + 1]`. */
  readonly offsets: Uint32Array<ArrayBuffer>
  readonly latents: Uint32Array<ArrayBuffer>
  /** All > 0; 0 where fewer are positive than were to be chosen. */
  readonly values: Float32Array<ArrayBuffer>
}

/**
 * Codes of all rows, block by block.
 *
 * @param x [rows, d_in], row-major
 * @param block rows of a block
 * @param encode codes of a block, [n, d_in]; called in a tidy
 */
export const joinCodes = (
  x: Float32Array,
  { d_in, d_sae }: { readonly d_in: number; readonly d_sae: number },
  block: number,
  encode: (rows: tf.Tensor2D) => SparseCodes
): LatentCodes => {
  const rows = x.length / d_in
  if (!Number.isInteger(rows)) throw new RangeError(`${x.length} numbers are no rows of d_in ${d_in}`)
  const offsets = new Uint32Array(rows + 1)
  const parts: Array<{ readonly latent: Int32Array; readonly value: Float32Array }> = []
  let size = 0
  for (let first = 0; first < rows; first += block) {
    const count = Math.min(block, rows - first)
    tf.tidy(() => {
      const codes = encode(tf.tensor2d(x.subarray(first * d_in, (first + count) * d_in), [count, d_in]))
      for (let r = 0; r < count; r++) offsets[first + r + 1] = size + codes.rowStart[r + 1]!
      size += codes.latent.length
      parts.push({ latent: codes.latent, value: codes.value.dataSync<"float32">().slice() })
    })
  }
  const latents = new Uint32Array(size)
  const values = new Float32Array(size)
  let at = 0
  for (const { latent, value } of parts) {
    latents.set(latent, at)
    values.set(value, at)
    at += latent.length
  }
  return { rows, d_sae, offsets, latents, values }
}

/**
 * Encodes rows as the SAE does when it is used.
 * @param x [rows, d_in], row-major
 */
export const encodeLatents = (x: Float32Array, model: SaeModel): LatentCodes =>
  joinCodes(x, model, encodeRows(model.d_sae), model.encode)
