/** Directions drawn uniformly from the sphere: the baseline of a decomposition of decoder directions. */
import * as Rng from "./rng.ts"

/** [rows, d], every row of length 1. */
export const randomUnitRows = (rows: number, d: number, seed: number): Float32Array<ArrayBuffer> => {
  const rng = Rng.make(seed, `${rows} random unit rows in ${d} dimensions`)
  const result = new Float32Array(rows * d)
  const row = new Float64Array(d)
  for (let r = 0; r < rows; r++) {
    rng.normals(row)
    const norm = Math.hypot(...row)
    for (let i = 0; i < d; i++) result[r * d + i] = row[i]! / norm
  }
  return result
}
