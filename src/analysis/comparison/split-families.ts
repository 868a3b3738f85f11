/**
 * Which latents of a large dictionary are parts of which latent of a small one: with a cosine above the threshold, each belongs
 * to the small latent that is nearest to it (feature splitting; 0.7 in "Stitching SAEs of different sizes").
 */
import type { Nearest } from "../decoder-cosine.ts"
import type { ComparedPair } from "../../kinds/comparison.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { meanInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"

/** Families that are listed. */
const listed = 50

/**
 * @param nearest of each large latent: the small one
 * @param small number of small latents
 */
export const splitFamilies = (
  nearest: Nearest,
  small: number,
  threshold: number
): {
  readonly splits: ComparedPair["splits"]
  /** Of the shares of that name, over the latents that each is of. */
  readonly intervals: Readonly<Record<"several" | "new", Interval | undefined>>
} => {
  const parts = Array.from({ length: small }, (): Array<number> => [])
  nearest.cosine.forEach((cosine, j) => {
    if (cosine > threshold) parts[nearest.index[j]!]!.push(j)
  })
  const share = (holds: (size: number) => boolean): number => parts.filter(({ length }) => holds(length)).length / small
  const draws = () => Rng.make(0, "intervals of a comparison")
  const isNew = Uint8Array.from(nearest.cosine, (cosine) => (cosine <= threshold ? 1 : 0))
  const splits = {
    threshold,
    none: share((size) => size === 0),
    one: share((size) => size === 1),
    several: share((size) => size > 1),
    new: isNew.reduce((sum, one) => sum + one, 0) / isNew.length,
    families: parts
      .map((members, latent) => ({ latent, parts: members }))
      .filter(({ parts: members }) => members.length > 1)
      .toSorted((a, b) => b.parts.length - a.parts.length || a.latent - b.latent)
      .slice(0, listed)
  }
  const several = Uint8Array.from(parts, ({ length }) => (length > 1 ? 1 : 0))
  return { splits, intervals: { several: meanInterval(several, draws()), new: meanInterval(isNew, draws()) } }
}
