/** Linear equations with a symmetric positive definite matrix. */

/** Solves A X = B in place, A symmetric positive definite [n, n], B [n, m]: Cholesky. */
export const solveSymmetric = (a: Float64Array, b: Float64Array, n: number): void => {
  const m = b.length / n
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!
      if (i === j && !(sum > 0)) throw new RangeError("the matrix is not positive definite")
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) for (let c = 0; c < m; c++) b[i * m + c]! -= a[i * n + k]! * b[k * m + c]!
    for (let c = 0; c < m; c++) b[i * m + c]! /= a[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) for (let c = 0; c < m; c++) b[i * m + c]! -= a[k * n + i]! * b[k * m + c]!
    for (let c = 0; c < m; c++) b[i * m + c]! /= a[i * n + i]!
  }
}
