/** Weights that were trained here, as they are stored. */
import { activationType, type StoredLatents } from "../latents/latents.ts"
import type { SaeWeights } from "./sae-weights.ts"
import type { StoredSae } from "./stored-sae.ts"

/** @param metadata what is known of the model and the data, in SAELens's words */
export const storedFromWeights = (weights: SaeWeights, metadata: Readonly<Record<string, unknown>>): StoredSae => {
  const { d_in, d_sae, activation, b_enc, threshold = new Float32Array(d_sae) } = weights
  return {
    d_in,
    d_out: weights.transcoder?.d_out ?? d_in,
    d_sae,
    transcoder: weights.transcoder !== undefined,
    W_enc: weights.W_enc,
    W_dec: weights.W_dec,
    b_dec: weights.b_dec,
    // Every activation is that of a type that has this.
    latents: activationType(activation).ofActivation?.(activation, { b_enc, threshold }) as StoredLatents,
    apply_b_dec_to_input: weights.apply_b_dec_to_input,
    normalize: weights.normalize ?? "none",
    ...(weights.input_scale === undefined ? {} : { input_scale: weights.input_scale }),
    W_skip: weights.W_skip,
    dtype: "float32",
    metadata,
    origin: { format: "pipeline", config: undefined }
  }
}
