/** The codes of some rows by column: one for each latent that fires on any of them. */
import type { SparseColumns } from "../../numeric/l1-logistic.ts"
import type { LatentCodes } from "../latent-codes.ts"

export interface FiringLatents extends SparseColumns {
  /** Ascending; column n is that of latents[n]. */
  readonly latents: ReadonlyArray<number>
}

/** Mean of the values that are active; 1 where there are none. */
export const meanActive = ({ values }: LatentCodes): number => {
  let sum = 0
  for (const value of values) sum += value
  return values.length === 0 ? 1 : sum / values.length
}

/** @param unit codes are divided by it */
export const firingLatents = (codes: LatentCodes, rows: ArrayLike<number>, unit: number): FiringLatents => {
  const counts = new Uint32Array(codes.d_sae)
  const entries = (visit: (row: number, at: number) => void): void => {
    for (let r = 0; r < rows.length; r++) {
      for (let at = codes.offsets[rows[r]!]!; at < codes.offsets[rows[r]! + 1]!; at++) visit(r, at)
    }
  }
  entries((_, at) => counts[codes.latents[at]!]!++)
  const latents = Array.from(counts.keys()).filter((latent) => counts[latent]! > 0)
  const offsets = new Uint32Array(latents.length + 1)
  const next = new Uint32Array(codes.d_sae)
  for (const [column, latent] of latents.entries()) {
    next[latent] = offsets[column]!
    offsets[column + 1] = offsets[column]! + counts[latent]!
  }
  const index = new Uint32Array(offsets[latents.length]!)
  const values = new Float64Array(index.length)
  entries((row, at) => {
    const place = next[codes.latents[at]!]!++
    index[place] = row
    values[place] = codes.values[at]! / unit
  })
  return { latents, rows: rows.length, offsets, index, values }
}
