/**
 * Logistic regression of one yes/no label on a few dense columns, classes weighted to equal totals (`class_weight:
 * balanced` and C = 1 in scikit-learn's convention: C sum(weight * loss) + |w|^2 / 2, the bias free). Newton's method:
 * with at most some ten columns its exact Hessian is cheap.
 */

export interface BalancedLogistic {
  readonly weights: Float64Array<ArrayBuffer>
  readonly bias: number
}

/** Solves A x = b in place (symmetric positive definite, row-major), by Cholesky. */
const solve = (A: Float64Array, b: Float64Array): void => {
  const n = b.length
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = A[i * n + j]!
      for (let k = 0; k < j; k++) sum -= A[i * n + k]! * A[j * n + k]!
      A[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / A[j * n + j]!
    }
  }
  for (let i = 0; i < n; i++) {
    let sum = b[i]!
    for (let k = 0; k < i; k++) sum -= A[i * n + k]! * b[k]!
    b[i] = sum / A[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!
    for (let k = i + 1; k < n; k++) sum -= A[k * n + i]! * b[k]!
    b[i] = sum / A[i * n + i]!
  }
}

/**
 * @param columns one array a feature, all of the same length
 * @param start parameters to begin at (weights, then the bias): a fit on fewer columns saves iterations
 * @returns all zeros where a class is empty
 */
export const balancedLogistic = (
  columns: ReadonlyArray<ArrayLike<number>>,
  positive: ArrayLike<boolean | number>,
  start: BalancedLogistic = { weights: new Float64Array(0), bias: 0 },
  c = 1
): BalancedLogistic => {
  const n = positive.length
  const k = columns.length
  const width = k + 1
  const x = new Float64Array(n * width)
  const sign = new Int8Array(n)
  let positives = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < k; j++) x[i * width + j] = columns[j]![i]!
    x[i * width + k] = 1
    sign[i] = positive[i] ? 1 : -1
    if (positive[i]) positives++
  }
  if (positives === 0 || positives === n) return { weights: new Float64Array(k), bias: 0 }
  const weightOf = { yes: (c * n) / (2 * positives), no: (c * n) / (2 * (n - positives)) }
  const parameters = new Float64Array(width)
  parameters.set(start.weights.subarray(0, k))
  parameters[k] = start.bias

  const gradient = new Float64Array(width)
  const hessian = new Float64Array(width * width)
  /** The objective; with `derivatives`, its gradient and Hessian too. */
  const evaluate = (p: Float64Array, derivatives: boolean): number => {
    if (derivatives) {
      gradient.fill(0)
      hessian.fill(0)
    }
    let loss = 0
    for (let i = 0; i < n; i++) {
      const row = i * width
      let z = 0
      for (let j = 0; j < width; j++) z += p[j]! * x[row + j]!
      const margin = sign[i]! * z
      const tail = Math.exp(-Math.abs(margin))
      const weight = sign[i] === 1 ? weightOf.yes : weightOf.no
      loss += weight * (Math.max(0, -margin) + Math.log1p(tail))
      if (!derivatives) continue
      // The probability of being wrong.
      const wrong = (margin < 0 ? 1 : tail) / (1 + tail)
      const slope = -weight * sign[i]! * wrong
      const curve = weight * wrong * (1 - wrong)
      for (let a = 0; a < width; a++) {
        const xa = x[row + a]!
        if (xa === 0) continue
        gradient[a]! += slope * xa
        for (let b = 0; b <= a; b++) hessian[a * width + b]! += curve * xa * x[row + b]!
      }
    }
    let squares = 0
    for (let j = 0; j < k; j++) {
      squares += p[j]! * p[j]!
      if (!derivatives) continue
      gradient[j]! += p[j]!
      hessian[j * width + j]! += 1
    }
    return loss + squares / 2
  }

  for (let iteration = 0; iteration < 100; iteration++) {
    const value = evaluate(parameters, true)
    if (gradient.every((g) => Math.abs(g) < 1e-7 * c * n)) break
    // The bias has no penalty: a saturated fit must not divide by zero.
    hessian[k * width + k]! += 1e-9
    const direction = gradient.slice()
    solve(hessian, direction)
    let step = 1
    let next = parameters
    let nextValue = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 40 && !(nextValue <= value); tries++, step /= 2) {
      next = parameters.map((p, j) => p - step * direction[j]!)
      nextValue = evaluate(next, false)
    }
    if (!(nextValue < value)) break
    parameters.set(next)
  }
  return { weights: parameters.slice(0, k), bias: parameters[k]! }
}
