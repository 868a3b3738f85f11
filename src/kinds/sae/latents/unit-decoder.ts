/** Decoder rows of norm one, and an encoder scaled by the norms that they had, in f64 and rounded once. */
import type { Floats, Matrices } from "./latent-type.ts"

/** A latent whose decoder row is zero never fires: its rescaled activation is zero. */
export const withUnitDecoder = (
  { d_in, d_out, d_sae, W_enc, W_dec }: Matrices,
  b_enc: Floats
): { readonly W_enc: Floats; readonly W_dec: Floats; readonly b_enc: Floats } => {
  const norms = new Float64Array(d_sae)
  for (let j = 0; j < d_sae; j++) {
    let square = 0
    for (let c = 0; c < d_out; c++) square += (W_dec[j * d_out + c] as number) ** 2
    norms[j] = Math.sqrt(square)
  }
  const scaled = new Float32Array(d_in * d_sae)
  for (let i = 0; i < scaled.length; i++) scaled[i] = (W_enc[i] as number) * (norms[i % d_sae] as number)
  const unit = new Float32Array(d_sae * d_out)
  for (let j = 0; j < d_sae; j++) {
    const norm = norms[j] as number
    if (norm === 0) continue
    for (let c = 0; c < d_out; c++) unit[j * d_out + c] = (W_dec[j * d_out + c] as number) / norm
  }
  return { W_enc: scaled, W_dec: unit, b_enc: b_enc.map((b, j) => b * (norms[j] as number)) }
}
