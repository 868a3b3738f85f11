/**
 * The same SAE without b_dec in front of the encoder and without rescaling by decoder norms: equal in mathematics, not to
 * the last bit. What a format cannot say otherwise can be said so, where the user asks for it.
 */
import { latentType } from "../latents/latents.ts"
import type { StoredSae } from "./stored-sae.ts"

/** Decoder norms folded into the encoder, where the choice of latents is by rescaled activations. */
export const foldDecoderNorms = (sae: StoredSae): StoredSae => ({
  ...sae,
  ...latentType(sae.latents).withoutNorms?.(sae.latents, sae)
})

/** b_dec folded into the encoder's bias: z = (x - b_dec) W_enc = x W_enc - b_dec W_enc. As it is where latents have none. */
export const foldInputBias = (sae: StoredSae): StoredSae => {
  const { d_in, d_sae, W_enc, b_dec, latents } = sae
  const type = latentType(latents)
  if (!sae.apply_b_dec_to_input || type.shifted === undefined) return sae
  const shift = new Float64Array(d_sae)
  for (let c = 0; c < d_in; c++) {
    const b = b_dec[c] as number
    for (let j = 0; j < d_sae; j++) shift[j] = (shift[j] as number) - b * (W_enc[c * d_sae + j] as number)
  }
  return { ...sae, apply_b_dec_to_input: false, latents: type.shifted(latents, shift) }
}
