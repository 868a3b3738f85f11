/** Which latents fire on the same rows: for each the others with the largest Jaccard similarity of the rows. */
import { largestNeighbours } from "../../analysis/largest-neighbours.ts"
import type { Firings } from "../firings.ts"

/** What is listed of one latent: latents, and their weights. */
export type Ranked = readonly [ids: ReadonlyArray<number>, weights: ReadonlyArray<number>]

/**
 * |rows of both| / |rows of either|. Time grows with the sum over rows of the square of their active latents, memory with the firings.
 *
 * @param positions of the rows, ascending
 */
export const firingTogether = (
  firings: ReadonlyArray<Firings>,
  positions: Int32Array,
  most: number
): ReadonlyArray<Ranked> => {
  const rowAt = new Uint32Array((positions.at(-1) ?? -1) + 1)
  for (let row = 0; row < positions.length; row++) rowAt[positions[row]!] = row
  // Latents of every row, one row after the other.
  const start = new Uint32Array(positions.length + 1)
  for (const { positions: own } of firings) for (let i = 0; i < own.length; i++) start[rowAt[own[i]!]! + 1]! += 1
  for (let row = 0; row < positions.length; row++) start[row + 1]! += start[row]!
  const latents = new Uint32Array(start[positions.length]!)
  const filled = start.slice(0, positions.length)
  for (let latent = 0; latent < firings.length; latent++) {
    const own = firings[latent]!.positions
    for (let i = 0; i < own.length; i++) latents[filled[rowAt[own[i]!]!]!++] = latent
  }
  const shared = new Uint32Array(firings.length)
  return firings.map(({ positions: own }, latent) => {
    const met: Array<number> = []
    for (let n = 0; n < own.length; n++) {
      const row = rowAt[own[n]!]!
      const end = start[row + 1]!
      for (let i = start[row]!; i < end; i++) {
        const other = latents[i]!
        if (other === latent) continue
        if (shared[other] === 0) met.push(other)
        shared[other]! += 1
      }
    }
    const size = (of: number): number => firings[of]!.positions.length
    const ranked = largestNeighbours(
      met,
      met.length,
      (other) => shared[other]! / (own.length + size(other) - shared[other]!),
      most
    )
    for (const other of met) shared[other] = 0
    return ranked
  })
}
