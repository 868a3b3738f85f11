/** What a probe may read of rows: latents of an SAE, or the numbers of the activation as they are. */
import type { LatentCodes } from "../latent-codes.ts"

export interface Features {
  readonly count: number
  /** Every feature of a row that is not 0. */
  readonly visit: (row: number, feature: (index: number, value: number) => void) => void
}

export const latentFeatures = ({ d_sae, offsets, latents, values }: LatentCodes): Features => ({
  count: d_sae,
  visit: (row, feature) => {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) feature(latents[i]!, values[i]!)
  }
})

/** @param x [rows, width], row-major */
export const basisFeatures = (x: Float32Array, width: number): Features => ({
  count: width,
  visit: (row, feature) => {
    for (let c = 0; c < width; c++) if (x[row * width + c] !== 0) feature(c, x[row * width + c]!)
  }
})

/** Features of rows, [rows] each. */
export const columnsOf = (
  features: Features,
  indices: ReadonlyArray<number>,
  rows: ReadonlyArray<number>
): ReadonlyArray<Float64Array> => {
  const place = new Map(indices.map((index, k) => [index, k]))
  const columns = indices.map(() => new Float64Array(rows.length))
  for (const [i, row] of rows.entries()) {
    features.visit(row, (index, value) => {
      const k = place.get(index)
      if (k !== undefined) columns[k]![i] = value
    })
  }
  return columns
}

/**
 * Features by the absolute difference of the class means, greatest first, each divided by its mean absolute value where it is
 * not 0. Source: sae-probes `run_sae_evals.py`, `get_sorted_indices` with `mean_act_normalization`.
 *
 * @param positive of each of the rows
 */
export const byMeanDifference = (
  features: Features,
  rows: ReadonlyArray<number>,
  positive: ReadonlyArray<boolean>
): ReadonlyArray<number> => {
  const [yes, no, size, fires] = Array.from({ length: 4 }, () => new Float64Array(features.count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array
  ]
  for (const [i, row] of rows.entries()) {
    const sums = positive[i] === true ? yes : no
    features.visit(row, (index, value) => {
      sums[index]! += value
      size[index]! += Math.abs(value)
      fires[index]! += 1
    })
  }
  const positives = positive.filter(Boolean).length
  const difference = yes.map((sum, index) => {
    const scale = size[index]! / (fires[index]! + 1e-6) + 1e-6
    return Math.abs(sum / positives - no[index]! / (rows.length - positives)) / scale
  })
  return Array.from(difference.keys()).toSorted((a, b) => difference[b]! - difference[a]! || a - b)
}
