/**
 * Dead latents made anew from rows that the SAE reconstructs badly: the decoder row is the row's direction, the encoder
 * row the same with a fifth of the mean norm of living ones, the bias zero, and Adam's moments of all three are forgotten.
 * Bricken et al. 2023, "Towards Monosemanticity", appendix; dictionary_learning `resample_neurons`.
 */
import type { Rng } from "../../random/rng.ts"
import type { AdamState } from "../../tensor/adam/adam-state.ts"

export interface Resampled {
  readonly W_enc: AdamState
  readonly b_enc: AdamState
  readonly W_dec: AdamState
}

/** So much of the mean encoder norm of living latents. */
const encoderShare = 0.2

/** Distinct rows, drawn one after the other with these weights; fewer where no weight is left. */
export const drawRows = (weights: Float64Array, count: number, rng: Rng): ReadonlyArray<number> => {
  const left = Float64Array.from(weights)
  const drawn: Array<number> = []
  for (let n = 0; n < count; n++) {
    const total = left.reduce((sum, weight) => sum + weight, 0)
    if (!(total > 0)) break
    let at = rng.float() * total
    let row = 0
    while (row < left.length - 1 && at >= (left[row] as number)) {
      at -= left[row] as number
      row += 1
    }
    drawn.push(row)
    left[row] = 0
  }
  return drawn
}

const forget = (moments: Float32Array, start: number, length: number): void =>
  void moments.fill(0, start, start + length)

/**
 * @param state copies, changed in place
 * @param x rows [rows, d_in] that decoder directions come from, b_dec subtracted
 * @param errors |x - x_hat| of each row, to the power that it is drawn with
 * @param dead latents to be made anew, ascending; the first ones where rows are fewer
 */
export const resampleLatents = (
  state: Resampled,
  x: Float32Array,
  errors: Float64Array,
  dead: ReadonlyArray<number>,
  rng: Rng
): ReadonlyArray<number> => {
  const d_in = x.length / errors.length
  const { W_enc, b_enc, W_dec } = state
  const isDead = new Set(dead)
  let norms = 0
  const d_sae = b_enc.weights.length
  for (let j = 0; j < d_sae; j++) {
    if (!isDead.has(j)) norms += Math.hypot(...W_enc.weights.subarray(j * d_in, (j + 1) * d_in))
  }
  const mean = dead.length < d_sae ? norms / (d_sae - dead.length) : 1
  const rows = drawRows(errors, Math.min(dead.length, errors.length), rng)
  const made = dead.slice(0, rows.length)
  for (const [n, j] of made.entries()) {
    const row = x.subarray((rows[n] as number) * d_in, ((rows[n] as number) + 1) * d_in)
    const norm = Math.hypot(...row)
    if (!(norm > 0)) continue
    for (let c = 0; c < d_in; c++) {
      const direction = (row[c] as number) / norm
      W_dec.weights[j * d_in + c] = direction
      W_enc.weights[j * d_in + c] = encoderShare * mean * direction
    }
    b_enc.weights[j] = 0
    for (const moments of ["firstMoment", "secondMoment"] as const) {
      forget(W_enc[moments], j * d_in, d_in)
      forget(W_dec[moments], j * d_in, d_in)
      forget(b_enc[moments], j, 1)
    }
  }
  return made
}
