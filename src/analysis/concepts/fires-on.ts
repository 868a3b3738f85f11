/** What a latent fires on: the tokens on which it is strongest, in all. */
import type { LatentCodes } from "../latent-codes.ts"

const most = 3

/** @param token of each row */
export const firesOn = (
  { offsets, latents, values }: LatentCodes,
  token: Int32Array,
  latent: number
): ReadonlyArray<number> => {
  const sums = new Map<number, number>()
  for (const [row, id] of token.entries()) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      if (latents[i] === latent) sums.set(id, (sums.get(id) ?? 0) + values[i]!)
    }
  }
  return [...sums]
    .toSorted(([a, x], [b, y]) => y - x || a - b)
    .slice(0, most)
    .map(([id]) => id)
}
