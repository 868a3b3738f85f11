/** An SAE whose latents can move into another one: each follows from the row and its own encoder alone. */
import { activationType } from "../../kinds/sae/latents/latents.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"

/**
 * The same function with b_dec folded into b_enc (in f64): b_enc - b_dec W_enc, and a threshold of 0 written out.
 * @throws RangeError for TopK, whose latents depend on each other
 */
export const selfContained = (sae: SaeWeights): SaeWeights => {
  if (activationType(sae.activation).activations !== "independent") {
    throw new RangeError(`the latents of a ${sae.activation.type} SAE depend on each other: give it a threshold first`)
  }
  const bias = Float64Array.from(sae.b_enc)
  if (sae.apply_b_dec_to_input) {
    for (let i = 0; i < sae.d_in; i++) {
      const b = sae.b_dec[i]!
      if (b === 0) continue
      const row = i * sae.d_sae
      for (let j = 0; j < sae.d_sae; j++) bias[j]! -= b * sae.W_enc[row + j]!
    }
  }
  return {
    ...sae,
    activation: { type: "jumprelu" },
    apply_b_dec_to_input: false,
    b_enc: Float32Array.from(bias),
    threshold: sae.threshold ?? new Float32Array(sae.d_sae)
  }
}
