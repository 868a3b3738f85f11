/** A linear probe of several classes: ridge regression of each class, as ones and zeros, on the activation; the largest is the answer. */
import { solveSymmetric } from "../../numeric/solve-symmetric.ts"

/** As a share of the mean variance of a number. */
const ridge = 0.01

export interface ClassProbe {
  /** [classes, d] */
  readonly directions: Float64Array
  /** Scores of rows: [rows, classes]. */
  readonly scores: (x: Float32Array) => Float64Array
}

/**
 * @param x [rows, d]
 * @param which rows it is fitted to
 */
export const fitClassProbe = (
  x: Float32Array,
  d: number,
  labels: Uint8Array,
  classes: number,
  which: ReadonlyArray<number>
): ClassProbe => {
  const mean = new Float64Array(d)
  for (const r of which) for (let i = 0; i < d; i++) mean[i]! += x[r * d + i]! / which.length
  // One more number, always 1, is the constant.
  const n = d + 1
  const gram = new Float64Array(n * n)
  const products = new Float64Array(n * classes)
  const row = new Float64Array(n).fill(1)
  for (const r of which) {
    for (let i = 0; i < d; i++) row[i] = x[r * d + i]! - mean[i]!
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) gram[i * n + j]! += row[i]! * row[j]!
      products[i * classes + labels[r]!]! += row[i]!
    }
  }
  let trace = 0
  for (let i = 0; i < d; i++) trace += gram[i * n + i]!
  for (let i = 0; i < d; i++) gram[i * n + i]! += (ridge * trace) / d + Number.EPSILON
  solveSymmetric(gram, products, n)
  const directions = new Float64Array(classes * d)
  for (let i = 0; i < d; i++) for (let c = 0; c < classes; c++) directions[c * d + i] = products[i * classes + c]!
  return {
    directions,
    scores: (rows) => {
      const count = rows.length / d
      const found = new Float64Array(count * classes)
      for (let r = 0; r < count; r++) {
        for (let c = 0; c < classes; c++) {
          let sum = products[d * classes + c]!
          for (let i = 0; i < d; i++) sum += (rows[r * d + i]! - mean[i]!) * directions[c * d + i]!
          found[r * classes + c] = sum
        }
      }
      return found
    }
  }
}
