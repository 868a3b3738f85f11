/** Rows that codes stand for. */
import type { SaeWeights } from "../kinds/sae/stored/sae-weights.ts"
import type { LatentCodes } from "./latent-codes.ts"

/** f W_dec + b_dec in f64, kept as f32: [rows, d_in]. */
export const reconstructLatents = (
  codes: LatentCodes,
  { W_dec, b_dec, d_in: d }: Pick<SaeWeights, "W_dec" | "b_dec" | "d_in">
): Float32Array<ArrayBuffer> => {
  const result = new Float32Array(codes.rows * d)
  const row = new Float64Array(d)
  for (let r = 0; r < codes.rows; r++) {
    row.set(b_dec)
    for (let at = codes.offsets[r]!; at < codes.offsets[r + 1]!; at++) {
      const f = codes.values[at]!
      const w = codes.latents[at]! * d
      for (let i = 0; i < d; i++) row[i]! += f * W_dec[w + i]!
    }
    result.set(row, r * d)
  }
  return result
}
