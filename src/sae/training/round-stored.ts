/** An SAE with every number rounded to the type that it is saved as, so that what is saved is what was measured. */
import { fromBfloat16, toBfloat16 } from "../../format/half-float.ts"
import type { Floats, StoredLatents, StoredSae } from "../../kinds/sae/stored/stored-sae.ts"

const round = (values: Floats): Floats => fromBfloat16(toBfloat16(values))

const roundLatents = (latents: StoredLatents): StoredLatents => {
  switch (latents.type) {
    case "gated":
      return { ...latents, b_gate: round(latents.b_gate), b_mag: round(latents.b_mag), r_mag: round(latents.r_mag) }
    case "jumprelu":
      return { ...latents, b_enc: round(latents.b_enc), threshold: round(latents.threshold) }
    case "batch_topk": {
      const { threshold } = latents
      const rounded = threshold === null ? null : (round(Float32Array.of(threshold))[0] as number)
      return { ...latents, b_enc: round(latents.b_enc), threshold: rounded }
    }
    default:
      return { ...latents, b_enc: round(latents.b_enc) }
  }
}

export const roundStored = (sae: StoredSae, dtype: "float32" | "bfloat16"): StoredSae =>
  dtype === "float32"
    ? sae
    : {
        ...sae,
        dtype,
        W_enc: round(sae.W_enc),
        W_dec: round(sae.W_dec),
        b_dec: round(sae.b_dec),
        W_skip: sae.W_skip === undefined ? undefined : round(sae.W_skip),
        latents: roundLatents(sae.latents)
      }
