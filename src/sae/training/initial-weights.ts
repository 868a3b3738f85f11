/**
 * First weights: decoder rows random and of norm one, the encoder their transpose, its bias zero (Gao et al. 2024,
 * appendix A.1).
 */
import type { FloatBlocks } from "../../numeric/float-blocks.ts"
import * as Rng from "../../random/rng.ts"

const blockNumbers = 2 ** 18

/**
 * [d_sae, d_in]: the decoder and, latent-major, the encoder.
 *
 * Dictionaries of different sizes, and rows for different purposes, share no direction whatever their seeds are: a narrow SAE
 * that began as the first rows of a wide one would be found in it again, number by number.
 *
 * @param length norm of the rows; Anthropic's April 2024 update: 0.1
 */
export const initialWeights = (
  d_in: number,
  d_sae: number,
  seed: number,
  length = 1,
  purpose: "decoder rows" | "encoder rows" | "random directions" = "decoder rows"
): FloatBlocks => ({
  length: d_sae * d_in,
  *blocks() {
    const rng = Rng.make(seed, `${purpose} of ${d_sae} latents in ${d_in} dimensions`)
    const step = Math.max(1, Math.floor(blockNumbers / d_in))
    const drawn = new Float64Array(d_in)
    for (let first = 0; first < d_sae; first += step) {
      const rows = new Float32Array(Math.min(step, d_sae - first) * d_in)
      for (let start = 0; start < rows.length; start += d_in) {
        const row = rows.subarray(start, start + d_in)
        rng.normals(drawn)
        row.set(drawn)
        let square = 0
        for (let c = 0; c < d_in; c++) square += (drawn[c] as number) * (drawn[c] as number)
        const norm = Math.sqrt(square)
        for (let c = 0; c < d_in; c++) row[c] = (length * (row[c] as number)) / norm
      }
      yield rows
    }
  }
})
