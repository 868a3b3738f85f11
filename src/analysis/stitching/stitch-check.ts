/**
 * A second opinion on the closed form: the MSE of chosen stitched SAEs by reconstructing every row from the rows
 * themselves, over another pass.
 */
import type { StitchData } from "./stitch-pass.ts"

/** A stitched SAE: which latents are in, and how far b_dec has moved. */
export interface Stitched {
  readonly present: Uint8Array
  readonly biasShare: number
}

/** A step of the path whose stitched SAE is kept. */
export interface Along extends Stitched {
  readonly step: number
  readonly latents: number
}

export interface DirectMse {
  /** The same batches as the pass had, in the same order. @param x [rows, d_in] */
  readonly add: (x: Float32Array) => void
  /** One MSE for each stitched SAE. */
  readonly finish: () => ReadonlyArray<number>
}

export const directMse = (data: StitchData, stitched: ReadonlyArray<Stitched>): DirectMse => {
  const d = data.small.d_in
  const W = data.W_dec
  const errors = new Float64Array(stitched.length)
  const excess = new Float64Array(d)
  const biases = stitched.map(({ biasShare: t }) =>
    Float64Array.from({ length: d }, (_, i) =>
      // The ends are the SAEs' own numbers, without a rounding.
      t === 1 ? data.large.b_dec[i]! : data.small.b_dec[i]! + t * (data.large.b_dec[i]! - data.small.b_dec[i]!)
    )
  )
  let batch = 0
  let rows = 0
  const add = (x: Float32Array): void => {
    const codes = data.batches[batch++]
    if (codes === undefined || codes.rows * d !== x.length) {
      throw new RangeError("the second pass sees other rows than the first")
    }
    rows += codes.rows
    for (let r = 0; r < codes.rows; r++) {
      stitched.forEach(({ present }, n) => {
        const bias = biases[n]!
        for (let i = 0; i < d; i++) excess[i] = bias[i]! - x[r * d + i]!
        for (let at = codes.offsets[r]!; at < codes.offsets[r + 1]!; at++) {
          const j = codes.latents[at]!
          if (present[j] === 0) continue
          const f = codes.values[at]!
          for (let i = 0; i < d; i++) excess[i]! += f * W[j * d + i]!
        }
        let sum = 0
        for (let i = 0; i < d; i++) sum += excess[i]! * excess[i]!
        errors[n]! += sum
      })
    }
  }
  return { add, finish: () => Array.from(errors, (sum) => sum / rows) }
}
