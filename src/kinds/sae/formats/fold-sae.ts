/**
 * The same SAE without b_dec in front of the encoder and without rescaling by decoder norms: equal in mathematics, not to
 * the last bit. What a format cannot say otherwise can be said so, where the user asks for it.
 */
import { computableSae } from "../stored/computable-sae.ts"
import type { StoredSae } from "../stored/stored-sae.ts"

/** z = (x - b_dec) W_enc + b_enc = x W_enc + (b_enc - b_dec W_enc). */
const folded = ({ d_in, d_sae, W_enc, b_dec }: StoredSae, bias: Float32Array): Float32Array<ArrayBuffer> => {
  const sums = Float64Array.from(bias)
  for (let c = 0; c < d_in; c++) {
    const b = b_dec[c] as number
    for (let j = 0; j < d_sae; j++) sums[j] = (sums[j] as number) - b * (W_enc[c * d_sae + j] as number)
  }
  return Float32Array.from(sums)
}

/** Decoder norms folded into the encoder, where the choice of latents is by rescaled activations. */
export const foldDecoderNorms = (sae: StoredSae): StoredSae => {
  const { latents } = sae
  if (latents.type !== "topk" || !latents.rescale) return sae
  const weights = computableSae(sae)
  if (typeof weights === "string") return sae
  const { W_enc, W_dec, b_enc } = weights
  return { ...sae, W_enc, W_dec, latents: { ...latents, b_enc, rescale: false } }
}

/** b_dec folded into the encoder's bias. */
export const foldInputBias = (sae: StoredSae): StoredSae => {
  if (!sae.apply_b_dec_to_input) return sae
  const { latents } = sae
  if (latents.type !== "gated") {
    return { ...sae, apply_b_dec_to_input: false, latents: { ...latents, b_enc: folded(sae, latents.b_enc) } }
  }
  // -b_dec W_enc enters the gate as it is and the magnitude scaled.
  const shift = folded(sae, new Float32Array(sae.d_sae))
  const b_mag = latents.b_mag.map((b, j) => b + (shift[j] as number) * Math.exp(latents.r_mag[j] as number))
  return {
    ...sae,
    apply_b_dec_to_input: false,
    latents: { ...latents, b_gate: folded(sae, latents.b_gate), b_mag }
  }
}
