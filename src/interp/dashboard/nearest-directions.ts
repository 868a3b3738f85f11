/** Of each decoder row the others of the same SAE with the largest cosine, nearest first, with their cosines. */
import { forEachCosineBlock } from "../../analysis/decoder-cosine.ts"
import { largestNeighbours } from "../../analysis/largest-neighbours.ts"
import type { Ranked } from "./firing-together.ts"

/** @param W [n, d] */
export const nearestDirections = (W: Float32Array<ArrayBuffer>, d: number, most: number): ReadonlyArray<Ranked> => {
  const n = W.length / d
  const found: Array<Ranked> = []
  const others = new Uint32Array(n)
  forEachCosineBlock(W, W, d, (cosines, first, rows) => {
    for (let r = 0; r < rows; r++) {
      let count = 0
      for (let j = 0; j < n; j++) if (j !== first + r) others[count++] = j
      found.push(largestNeighbours(others, count, (id) => cosines[r * n + id]!, most))
    }
  })
  return found
}
