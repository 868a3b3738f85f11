/** The first weights of an SAE that goes on from no other one, in the scale of training. */
import type { ResolvedOptions } from "../training-options.ts"
import { initialWeights } from "./initial-weights.ts"
import type { FirstWeights } from "./unfold-scale.ts"

/**
 * @param b_dec as wide as the output
 * @param transcoder whether the output is another activation than the input
 */
export const randomWeights = (
  options: ResolvedOptions,
  d_in: number,
  b_dec: Float32Array,
  transcoder: boolean
): FirstWeights => {
  const { d_sae, seed, tied } = options
  const d_out = b_dec.length
  const length = options.decoder_norm === "unit" ? 1 : options.decoder_init_norm
  const encoderLength = tied ? length : (options.encoder_init_norm ?? length)
  const W_dec = initialWeights(d_out, d_sae, seed, length)
  // An encoder that reads something else than the decoder writes starts with directions of its own.
  const W_enc = transcoder
    ? initialWeights(d_in, d_sae, seed, encoderLength, "encoder rows")
    : encoderLength === length
      ? W_dec
      : initialWeights(d_out, d_sae, seed, encoderLength)
  return { W_enc, b_enc: new Float32Array(d_sae), W_dec, b_dec: Float32Array.from(b_dec), extras: {} }
}
