/**
 * First weights: decoder rows random and of norm one, the encoder their transpose, its bias zero (Gao et al. 2024,
 * appendix A.1). Both latent-major.
 */
import * as Rng from "../random/rng.ts"
import { extendedWidth } from "./extended-input.ts"

export interface InitialWeights {
  /** [d_sae, extendedWidth(d_in)] */
  readonly W_enc: Float32Array<ArrayBuffer>
  /** [d_sae, d_in] */
  readonly W_dec: Float32Array<ArrayBuffer>
}

export const initialWeights = (d_in: number, d_sae: number, seed: number): InitialWeights => {
  const rng = Rng.make(seed, "decoder rows")
  const width = extendedWidth(d_in)
  const W_enc = new Float32Array(d_sae * width)
  const W_dec = new Float32Array(d_sae * d_in)
  for (let j = 0; j < d_sae; j++) {
    const row = W_dec.subarray(j * d_in, (j + 1) * d_in)
    let square = 0
    for (let c = 0; c < d_in; c++) {
      const x = rng.normal()
      row[c] = x
      square += x * x
    }
    const norm = Math.sqrt(square)
    for (let c = 0; c < d_in; c++) row[c] = (row[c] as number) / norm
    W_enc.set(row, j * width)
  }
  return { W_enc, W_dec }
}
