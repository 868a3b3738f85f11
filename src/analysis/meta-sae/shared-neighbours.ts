/**
 * The graph of latents that share meta-latents: of each latent those that it shares most with. Two latents share the sum over
 * their common meta-latents of the product of the activations, which is the cosine of their decoder rows as far as unit and
 * orthogonal meta-latents make them up.
 */
import type { LatentCodes } from "../latent-codes.ts"
import { largestNeighbours } from "../largest-neighbours.ts"

/** Of each latent its neighbours, nearest first, at most as many as were asked for. */
export interface Neighbours {
  readonly ids: ReadonlyArray<ReadonlyArray<number>>
  readonly weights: ReadonlyArray<ReadonlyArray<number>>
}

/** @param codes of the meta-SAE on the decoder rows: row n is latent n of the base SAE */
export const sharedNeighbours = ({ rows, d_sae, offsets, latents, values }: LatentCodes, most: number): Neighbours => {
  const starts = new Uint32Array(d_sae + 1)
  for (const meta of latents) starts[meta + 1]!++
  for (let meta = 0; meta < d_sae; meta++) starts[meta + 1]! += starts[meta]!
  const cursor = starts.slice(0, d_sae)
  const members = new Uint32Array(latents.length)
  const strengths = new Float32Array(latents.length)
  for (let row = 0; row < rows; row++) {
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      const place = cursor[latents[at]!]!++
      members[place] = row
      strengths[place] = values[at]!
    }
  }
  const shared = new Float64Array(rows)
  const touched = new Uint32Array(rows)
  const found = Array.from({ length: rows }, (_, row) => {
    let count = 0
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      const meta = latents[at]!
      for (let place = starts[meta]!; place < starts[meta + 1]!; place++) {
        const other = members[place]!
        if (other === row) continue
        // Active values are above zero, so a zero sum means that it was not met yet.
        if (shared[other] === 0) touched[count++] = other
        shared[other]! += values[at]! * strengths[place]!
      }
    }
    const largest = largestNeighbours(touched, count, (id) => shared[id]!, most)
    for (let n = 0; n < count; n++) shared[touched[n]!] = 0
    return largest
  })
  return { ids: found.map(([ids]) => ids), weights: found.map(([, weights]) => weights) }
}

/**
 * Of each latent with a neighbour in `graph`: the share of them that are among as many neighbours in `other`.
 *
 * @param renamed the number that latent n of `graph` has in `other`
 */
export const neighbourOverlap = (
  graph: ReadonlyArray<ReadonlyArray<number>>,
  other: ReadonlyArray<ReadonlyArray<number>>,
  renamed: (id: number) => number = (id) => id
): ReadonlyArray<number> =>
  graph.flatMap((ids, latent) => {
    if (ids.length === 0) return []
    const near = new Set(other[renamed(latent)]!.slice(0, ids.length))
    return [ids.filter((id) => near.has(renamed(id))).length / ids.length]
  })
