/**
 * Correlation of latents by what they do: for each latent of one SAE, the largest Pearson correlation of its activations with
 * those of a latent of another, over the same tokens ("universality", Towards Monosemanticity: median 0.72 for latents of two
 * models, 0.46 for their neurons).
 */
import type { LatentCodes } from "../latent-codes.ts"

interface Moments {
  readonly mean: Float64Array
  /** Standard deviation over rows, 0 where a latent never fires, or always alike. */
  readonly deviation: Float64Array
}

const moments = ({ rows, d_sae, latents, values }: LatentCodes): Moments => {
  const mean = new Float64Array(d_sae)
  const square = new Float64Array(d_sae)
  for (let i = 0; i < latents.length; i++) {
    mean[latents[i]!]! += values[i]! / rows
    square[latents[i]!]! += values[i]! ** 2 / rows
  }
  // What rounding leaves of no variance is none.
  const deviation = square.map((s, j) => (s - mean[j]! ** 2 > 1e-12 * s ? Math.sqrt(s - mean[j]! ** 2) : 0))
  return { mean, deviation }
}

/** Entries of the block of co-activation sums that is held at once: 256 MiB. */
const blockEntries = 1 << 25

/**
 * @param a codes of the same rows as `b`
 * @returns [a.d_sae], NaN for latents whose activation does not vary
 */
export const largestCorrelations = (a: LatentCodes, b: LatentCodes): Float64Array => {
  if (a.rows !== b.rows) throw new RangeError(`codes of ${a.rows} and of ${b.rows} rows`)
  const [own, other] = [moments(a), moments(b)]
  const result = new Float64Array(a.d_sae).fill(Number.NaN)
  const block = Math.max(1, Math.min(a.d_sae, Math.floor(blockEntries / b.d_sae)))
  for (let first = 0; first < a.d_sae; first += block) {
    const last = Math.min(a.d_sae, first + block)
    const products = new Float64Array((last - first) * b.d_sae)
    for (let row = 0; row < a.rows; row++) {
      for (let i = a.offsets[row]!; i < a.offsets[row + 1]!; i++) {
        const latent = a.latents[i]!
        if (latent < first || latent >= last) continue
        const at = (latent - first) * b.d_sae
        const value = a.values[i]!
        for (let j = b.offsets[row]!; j < b.offsets[row + 1]!; j++)
          products[at + b.latents[j]!]! += value * b.values[j]!
      }
    }
    for (let latent = first; latent < last; latent++) {
      const spread = own.deviation[latent]!
      if (spread === 0) continue
      let largest = Number.NEGATIVE_INFINITY
      for (let j = 0; j < b.d_sae; j++) {
        if (other.deviation[j] === 0) continue
        const covariance = products[(latent - first) * b.d_sae + j]! / a.rows - own.mean[latent]! * other.mean[j]!
        largest = Math.max(largest, covariance / (spread * other.deviation[j]!))
      }
      if (largest > Number.NEGATIVE_INFINITY) result[latent] = largest
    }
  }
  return result
}
