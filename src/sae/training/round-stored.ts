/** An SAE with every number rounded to the type that it is saved as, so that what is saved is what was measured. */
import { fromBfloat16, toBfloat16 } from "../../format/half-float.ts"
import { latentType, mapArrays } from "../../kinds/sae/latents/latents.ts"
import type { Floats, StoredLatents, StoredSae } from "../../kinds/sae/stored/stored-sae.ts"

const round = (values: Floats): Floats => fromBfloat16(toBfloat16(values))

const roundLatents = (latents: StoredLatents): StoredLatents => {
  const arrays = mapArrays(latents, round)
  return latentType(arrays).rounded?.(arrays, (value) => round(Float32Array.of(value))[0] as number) ?? arrays
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
