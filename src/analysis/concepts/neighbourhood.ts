/**
 * The neighbourhood of a latent in another SAE: the latents whose decoder rows point nearly where its own does, and how many of its firings
 * they share. Templeton et al. 2024, Scaling Monosemanticity, "Feature neighborhoods", lists them by decoder cosine.
 */
import { forEachCosineBlock } from "../decoder-cosine.ts"
import type { LatentCodes } from "../latent-codes.ts"

export interface Neighbour {
  readonly latent: number
  readonly cosine: number
}

/**
 * Of each row of `a` the rows of `b` whose cosine is at least `least`, nearest first.
 *
 * @param a [., d] and `b` [., d], decoder rows of any length
 */
export const neighbourhoods = (
  a: Float32Array<ArrayBuffer>,
  b: Float32Array<ArrayBuffer>,
  d: number,
  least: number
): ReadonlyArray<ReadonlyArray<Neighbour>> => {
  const m = b.length / d
  const found: Array<ReadonlyArray<Neighbour>> = []
  forEachCosineBlock(a, b, d, (cosines, _, rows) => {
    for (let r = 0; r < rows; r++) {
      const near: Array<Neighbour> = []
      for (let latent = 0; latent < m; latent++) {
        const cosine = cosines[r * m + latent]!
        if (cosine >= least) near.push({ latent, cosine })
      }
      found.push(near.toSorted((x, y) => y.cosine - x.cosine || x.latent - y.latent))
    }
  })
  return found
}

/** Rows on which each latent fires. */
export const firingRows = ({ d_sae, latents }: LatentCodes): Float64Array => {
  const rows = new Float64Array(d_sae)
  for (const latent of latents) rows[latent]! += 1
  return rows
}

/**
 * Of the rows on which each latent of `own` fires, the share on which any of the latents given for it fires; NaN where it never fires.
 *
 * @param other codes of the same rows
 * @param given of each latent of `own`, latents of `other`
 */
export const sharedFirings = (
  own: LatentCodes,
  other: LatentCodes,
  given: ReadonlyArray<ReadonlyArray<Pick<Neighbour, "latent">>>
): Float64Array => {
  const owners: ReadonlyArray<Array<number>> = Array.from({ length: other.d_sae }, () => [])
  for (const [latent, near] of given.entries()) for (const each of near) owners[each.latent]!.push(latent)
  const seen = new Int32Array(own.d_sae).fill(-1)
  const shared = new Float64Array(own.d_sae)
  for (let row = 0; row < own.rows; row++) {
    for (let i = other.offsets[row]!; i < other.offsets[row + 1]!; i++) {
      for (const latent of owners[other.latents[i]!]!) seen[latent] = row
    }
    for (let i = own.offsets[row]!; i < own.offsets[row + 1]!; i++) {
      if (seen[own.latents[i]!] === row) shared[own.latents[i]!]! += 1
    }
  }
  const firing = firingRows(own)
  return shared.map((count, latent) => count / firing[latent]!)
}

/**
 * The control: each latent that has neighbours is given those of the next that has some.
 *
 * @param near of each latent
 * @param among latents that may get some, ascending
 * @returns of each latent; undefined where fewer than two have some, and the next one's are its own
 */
export const neighboursOfOthers = (
  near: ReadonlyArray<ReadonlyArray<Neighbour>>,
  among: ReadonlyArray<number>
): ReadonlyArray<ReadonlyArray<Neighbour>> | undefined => {
  const withSome = among.filter((latent) => near[latent]!.length > 0)
  if (withSome.length < 2) return undefined
  const next = new Map(withSome.map((latent, n) => [latent, near[withSome[(n + 1) % withSome.length]!]!]))
  return near.map((_, latent) => next.get(latent) ?? [])
}
