/** Small random SAEs and rows for property tests, and their dense arithmetic in f64. */
import type { SaeWeights } from "../../src/kinds/sae/stored/sae-weights.ts"
import * as Rng from "../../src/random/rng.ts"

export const randomSae = (seed: number, d_in: number, d_sae: number): SaeWeights => {
  const rng = Rng.make(seed, `sae ${d_in} ${d_sae}`)
  const normals = (n: number, scale: number) => Float32Array.from({ length: n }, () => scale * rng.normal())
  return {
    d_in,
    d_sae,
    activation: { type: "jumprelu" },
    apply_b_dec_to_input: rng.float() < 0.5,
    W_enc: normals(d_in * d_sae, 0.6),
    W_dec: normals(d_in * d_sae, 0.4),
    b_enc: normals(d_sae, 0.3),
    b_dec: normals(d_in, 0.5),
    threshold: Float32Array.from({ length: d_sae }, () => 0.5 * rng.float())
  }
}

export const randomRows = (seed: number, rows: number, d_in: number): Float32Array<ArrayBuffer> => {
  const rng = Rng.make(seed, "rows")
  return Float32Array.from({ length: rows * d_in }, (_, i) => rng.normal() + (i % d_in === 0 ? 3 : 0))
}

/** Mean squared error, every latent computed and added up row by row. */
export const denseMse = (x: Float32Array, sae: SaeWeights): number => {
  const { d_in, d_sae } = sae
  const rows = x.length / d_in
  let sum = 0
  for (let r = 0; r < rows; r++) {
    const out = Float64Array.from(sae.b_dec)
    for (let j = 0; j < d_sae; j++) {
      let z = sae.b_enc[j]!
      for (let i = 0; i < d_in; i++) {
        z += (x[r * d_in + i]! - (sae.apply_b_dec_to_input ? sae.b_dec[i]! : 0)) * sae.W_enc[i * d_sae + j]!
      }
      if (z > Math.max(0, sae.threshold![j]!)) for (let i = 0; i < d_in; i++) out[i]! += z * sae.W_dec[j * d_in + i]!
    }
    for (let i = 0; i < d_in; i++) sum += (out[i]! - x[r * d_in + i]!) ** 2
  }
  return sum / rows
}
