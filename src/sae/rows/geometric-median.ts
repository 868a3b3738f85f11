/**
 * Geometric median of rows by Weiszfeld's iteration: where b_dec starts (Gao et al. 2024, appendix A.1), since the mean
 * is pulled away by a few rows of great norm.
 */

/** Distances below this are taken as this, so that a row that coincides with the estimate cannot divide by zero. */
const smallest = 1e-12

/**
 * @param data [rows, d_in], row-major; at least one row
 * @param tolerance the iteration stops when the estimate moves by less than this share of the mean distance
 */
export const geometricMedian = (
  data: Float32Array,
  d_in: number,
  tolerance = 1e-5,
  maxIterations = 100
): Float64Array<ArrayBuffer> => {
  const rows = data.length / d_in
  let median = new Float64Array(d_in)
  for (let start = 0; start < data.length; start += d_in) {
    for (let c = 0; c < d_in; c++) median[c] = (median[c] as number) + (data[start + c] as number) / rows
  }
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const next = new Float64Array(d_in)
    let total = 0
    let distances = 0
    for (let row = 0; row < rows; row++) {
      const start = row * d_in
      let square = 0
      for (let c = 0; c < d_in; c++) {
        const difference = (data[start + c] as number) - (median[c] as number)
        square += difference * difference
      }
      const distance = Math.max(Math.sqrt(square), smallest)
      distances += distance
      const weight = 1 / distance
      total += weight
      for (let c = 0; c < d_in; c++) next[c] = (next[c] as number) + weight * (data[start + c] as number)
    }
    let moved = 0
    for (let c = 0; c < d_in; c++) {
      next[c] = (next[c] as number) / total
      moved += ((next[c] as number) - (median[c] as number)) ** 2
    }
    median = next
    if (Math.sqrt(moved) <= (tolerance * distances) / rows) break
  }
  return median
}
