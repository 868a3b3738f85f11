/** Weights to compute with, from an SAE as it was stored: its latents say how (`latents/`). */
import { latentType } from "../latents/latents.ts"
import type { SaeWeights } from "./sae-weights.ts"
import type { StoredSae } from "./stored-sae.ts"
import { isRefused, type SaeRefused } from "../latents/sae-refused.ts"

/** The weights, or the reason why it cannot be computed with. The arrays may be shared with `sae`. */
export const computableSae = (sae: StoredSae): SaeWeights | SaeRefused => {
  const { d_in, d_out, d_sae, latents } = sae
  const computable = latentType(latents).computable(latents, sae)
  if (isRefused(computable)) return computable
  return {
    d_in,
    d_sae,
    apply_b_dec_to_input: sae.apply_b_dec_to_input,
    W_enc: sae.W_enc,
    W_dec: sae.W_dec,
    b_dec: sae.b_dec,
    threshold: undefined,
    ...(sae.transcoder ? { transcoder: { d_out } } : {}),
    ...(sae.normalize === "none" ? {} : { normalize: sae.normalize }),
    ...(sae.input_scale === undefined ? {} : { input_scale: sae.input_scale }),
    ...(sae.W_skip === undefined ? {} : { W_skip: sae.W_skip }),
    ...computable
  }
}
