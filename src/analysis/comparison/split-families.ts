/**
 * Which latents of a large dictionary are parts of which latent of a small one: with a cosine above the threshold, each belongs
 * to the small latent that is nearest to it (feature splitting; 0.7 in "Stitching SAEs of different sizes").
 */
import type { Nearest } from "../decoder-cosine.ts"
import type { ComparedPair } from "../../kinds/comparison.ts"

/** Families that are listed. */
const listed = 50

/**
 * @param nearest of each large latent: the small one
 * @param small number of small latents
 */
export const splitFamilies = (nearest: Nearest, small: number, threshold: number): ComparedPair["splits"] => {
  const parts = Array.from({ length: small }, (): Array<number> => [])
  nearest.cosine.forEach((cosine, j) => {
    if (cosine > threshold) parts[nearest.index[j]!]!.push(j)
  })
  const share = (holds: (size: number) => boolean): number => parts.filter(({ length }) => holds(length)).length / small
  return {
    threshold,
    none: share((size) => size === 0),
    one: share((size) => size === 1),
    several: share((size) => size > 1),
    new: nearest.cosine.filter((cosine) => cosine <= threshold).length / nearest.cosine.length,
    families: parts
      .map((members, latent) => ({ latent, parts: members }))
      .filter(({ parts: members }) => members.length > 1)
      .toSorted((a, b) => b.parts.length - a.parts.length || a.latent - b.latent)
      .slice(0, listed)
  }
}
