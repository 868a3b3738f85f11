/** What both formats of Gemma Scope hold: JumpReLU latents, on rows as they come. */
import { latentType } from "../latents/latents.ts"
import { cannotWrite, isRefused, type SaeRefused } from "../latents/sae-refused.ts"
import type { Floats, StoredSae } from "../stored/stored-sae.ts"

/** The encoder's bias and the thresholds, each [d_sae], or why the formats have no place for the SAE. */
export const gemmaScopeThresholds = ({
  d_sae,
  latents,
  apply_b_dec_to_input,
  normalize
}: StoredSae): { readonly b_enc: Floats; readonly threshold: Floats } | SaeRefused => {
  const { thresholds } = latentType(latents)
  if (thresholds === undefined)
    return cannotWrite(`Gemma Scope's format holds JumpReLU alone, not ${latents.type} latents`)
  const own = thresholds(latents, d_sae)
  if (isRefused(own)) return own
  if (apply_b_dec_to_input) {
    return cannotWrite(
      "Gemma Scope does not subtract b_dec from the input, this SAE does; b_dec can be folded into b_enc (--fold), up to rounding"
    )
  }
  if (normalize !== "none") return cannotWrite(`Gemma Scope does not normalise rows; this SAE needs ${normalize}`)
  return own
}
