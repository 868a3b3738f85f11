/** Cosine of each latent's encoder direction with its decoder direction: [d_sae]. */
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"

/** NaN where a direction is zero, or the sides are of different widths (transcoders). */
export const encoderDecoderCosines = ({ d_in, d_sae, W_enc, W_dec }: SaeWeights): Float64Array => {
  const cosines = new Float64Array(d_sae)
  if (W_dec.length !== W_enc.length) return cosines.fill(Number.NaN)
  const [encoder, decoder] = [new Float64Array(d_sae), new Float64Array(d_sae)]
  // Row by row of W_enc: column by column it does not fit the cache.
  for (let i = 0; i < d_in; i++) {
    for (let latent = 0; latent < d_sae; latent++) {
      const [a, b] = [W_enc[i * d_sae + latent]!, W_dec[latent * d_in + i]!]
      cosines[latent]! += a * b
      encoder[latent]! += a * a
      decoder[latent]! += b * b
    }
  }
  return cosines.map((dot, latent) => dot / Math.sqrt(encoder[latent]! * decoder[latent]!))
}
