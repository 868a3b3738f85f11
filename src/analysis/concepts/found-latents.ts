/** Scores by which latents are found: how much more one fires on some rows than on others. */
import * as Schema from "effect/Schema"
import type { LatentCodes } from "../latent-codes.ts"

/** What a search found, beside its figures. */
export const foundLatentsFileName = "latents.json"

export const FoundLatents = Schema.Struct({
  /** Digest of the SAE that was searched: numbers of latents mean nothing in another. */
  sae: Schema.String,
  latents: Schema.Array(Schema.Struct({ latent: Schema.Int }))
})

/** Mean activation of every latent over these rows, or all. */
export const meanActivations = (
  { d_sae, offsets, latents, values, rows: all }: LatentCodes,
  rows: ArrayLike<number> = Array.from({ length: all }, (_, row) => row)
): Float64Array => {
  const means = new Float64Array(d_sae)
  for (let n = 0; n < rows.length; n++) {
    for (let i = offsets[rows[n]!]!; i < offsets[rows[n]! + 1]!; i++) means[latents[i]!]! += values[i]! / rows.length
  }
  return means
}

/** Activation of one latent on each row, 0 where it does not fire. */
export const latentActivations = ({ offsets, latents, values, rows }: LatentCodes, latent: number): Float64Array => {
  const found = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) if (latents[i] === latent) found[row]! += values[i]!
  }
  return found
}

/** Largest activation of every latent over all rows. */
export const largestActivations = (codes: ReadonlyArray<LatentCodes>, d_sae: number): Float64Array => {
  const largest = new Float64Array(d_sae)
  for (const { latents, values } of codes) {
    for (let i = 0; i < latents.length; i++) largest[latents[i]!] = Math.max(largest[latents[i]!]!, values[i]!)
  }
  return largest
}

/** (means - others) / largest, of each latent; 0 where it never fires. */
export const contrasts = (means: Float64Array, others: Float64Array, largest: Float64Array): Float64Array =>
  means.map((mean, latent) => (largest[latent] === 0 ? 0 : (mean - others[latent]!) / largest[latent]!))
