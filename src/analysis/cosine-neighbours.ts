/** The graph of nearest decoder rows, by blocks so that no full matrix is held. */
import { forEachCosineBlock } from "./decoder-cosine.ts"
import { largestNeighbours } from "./largest-neighbours.ts"

/** Of each row the `most` others with the largest cosine, nearest first. */
export const cosineNeighbours = (
  W: Float32Array<ArrayBuffer>,
  d: number,
  most: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const n = W.length / d
  const found: Array<ReadonlyArray<number>> = []
  const others = new Uint32Array(n)
  forEachCosineBlock(W, W, d, (cosines, first, rows) => {
    for (let r = 0; r < rows; r++) {
      let count = 0
      for (let j = 0; j < n; j++) if (j !== first + r) others[count++] = j
      found.push(largestNeighbours(others, count, (id) => cosines[r * n + id]!, most)[0])
    }
  })
  return found
}
