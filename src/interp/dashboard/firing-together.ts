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
  const rowAt = new Map<number, number>()
  for (const [row, position] of positions.entries()) rowAt.set(position, row)
  const rowOf = (position: number): number => rowAt.get(position) as number
  // Latents of every row, one row after the other.
  const start = new Uint32Array(positions.length + 1)
  for (const { positions: own } of firings) for (const position of own) start[rowOf(position) + 1]! += 1
  for (let row = 0; row < positions.length; row++) start[row + 1]! += start[row]!
  const latents = new Uint32Array(start[positions.length]!)
  const filled = start.slice(0, positions.length)
  for (const [latent, { positions: own }] of firings.entries()) {
    for (const position of own) latents[filled[rowOf(position)]!++] = latent
  }
  const shared = new Uint32Array(firings.length)
  return firings.map(({ positions: own }, latent) => {
    const met: Array<number> = []
    for (const position of own) {
      const row = rowOf(position)
      for (let i = start[row]!; i < start[row + 1]!; i++) {
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
