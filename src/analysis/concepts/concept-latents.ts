/** Which latent stands for a concept, where of every row it is known which concept it is of: the latent of the largest F1. */
import type { LatentCodes } from "../latent-codes.ts"

/** What a table of concepts by latents may hold: 1 GiB. */
export const mostPairs = 2 ** 28

export interface ConceptLatent {
  /** -1: none fires where the concept is. */
  readonly latent: number
  readonly f1: number
}

/** 2 both / (rows that fire it + rows of the concept): the harmonic mean of precision and recall; 0 of nothing. */
const f1Of = (both: number, firing: number, present: number): number =>
  firing + present === 0 ? 0 : (2 * both) / (firing + present)

/** Rows of each concept. */
export const conceptRows = (concept: Int32Array, concepts: number): Float64Array => {
  const present = new Float64Array(concepts)
  for (const c of concept) if (c >= 0) present[c]! += 1
  return present
}

/**
 * Of each concept the best latent, the first of equals.
 *
 * @param concept of each row, which concept it is of; -1: none
 */
export const bestConceptLatents = (
  { rows, d_sae, offsets, latents }: LatentCodes,
  concept: Int32Array,
  concepts: number
): ReadonlyArray<ConceptLatent> => {
  const both = new Int32Array(concepts * d_sae)
  const firing = new Float64Array(d_sae)
  for (let row = 0; row < rows; row++) {
    const at = concept[row]! * d_sae
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      firing[latents[i]!]! += 1
      if (at >= 0) both[at + latents[i]!]! += 1
    }
  }
  return Array.from(conceptRows(concept, concepts), (present, c) => {
    let best: ConceptLatent = { latent: -1, f1: 0 }
    for (let latent = 0; latent < d_sae; latent++) {
      const f1 = f1Of(both[c * d_sae + latent]!, firing[latent]!, present)
      if (f1 > best.f1) best = { latent, f1 }
    }
    return best
  })
}

/** F1 of each concept's given latent on these rows; 0 where it has none. */
export const conceptScores = (
  { rows, d_sae, offsets, latents }: LatentCodes,
  concept: Int32Array,
  chosen: ReadonlyArray<number>
): Float64Array => {
  const firing = new Float64Array(d_sae)
  const both = new Float64Array(chosen.length)
  for (let row = 0; row < rows; row++) {
    const c = concept[row]!
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      firing[latents[i]!]! += 1
      if (c >= 0 && latents[i] === chosen[c]) both[c]! += 1
    }
  }
  const present = conceptRows(concept, chosen.length)
  return Float64Array.from(chosen, (latent, c) => (latent < 0 ? 0 : f1Of(both[c]!, firing[latent]!, present[c]!)))
}
