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
 * @returns all zeros where a class is empty
 */
export const balancedLogistic = (
  columns: ReadonlyArray<ArrayLike<number>>,
  positive: ArrayLike<boolean | number>,
  c = 1
): BalancedLogistic => {
  const n = positive.length
  const k = columns.length
  let positives = 0
  for (let i = 0; i < n; i++) if (positive[i]) positives++
  const parameters = new Float64Array(k + 1)
  if (positives === 0 || positives === n) return { weights: new Float64Array(k), bias: 0 }
  const weightOf = { yes: n / (2 * positives), no: n / (2 * (n - positives)) }
  const row = new Float64Array(k + 1)
  row[k] = 1

  const objective = (p: Float64Array): number => {
    let loss = 0
    for (let i = 0; i < n; i++) {
      let z = p[k]!
      for (let j = 0; j < k; j++) z += p[j]! * columns[j]![i]!
      const margin = positive[i] ? z : -z
      loss +=
        (positive[i] ? weightOf.yes : weightOf.no) * (Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin))))
    }
    let squares = 0
    for (let j = 0; j < k; j++) squares += p[j]! * p[j]!
    return c * loss + squares / 2
  }

  let value = objective(parameters)
  for (let iteration = 0; iteration < 100; iteration++) {
    const gradient = new Float64Array(k + 1)
    const hessian = new Float64Array((k + 1) * (k + 1))
    for (let i = 0; i < n; i++) {
      let z = parameters[k]!
      for (let j = 0; j < k; j++) {
        row[j] = columns[j]![i]!
        z += parameters[j]! * row[j]!
      }
      const p = 1 / (1 + Math.exp(-z))
      const weight = c * (positive[i] ? weightOf.yes : weightOf.no)
      const slope = weight * (p - (positive[i] ? 1 : 0))
      const curve = weight * p * (1 - p)
      for (let a = 0; a <= k; a++) {
        gradient[a]! += slope * row[a]!
        for (let b = 0; b <= a; b++) hessian[a * (k + 1) + b]! += curve * row[a]! * row[b]!
      }
    }
    for (let j = 0; j < k; j++) {
      gradient[j]! += parameters[j]!
      hessian[j * (k + 1) + j]! += 1
    }
    // The bias has no penalty: a saturated fit must not divide by zero.
    hessian[k * (k + 1) + k]! += 1e-9
    if (gradient.every((g) => Math.abs(g) < 1e-8 * c * n)) break
    const direction = gradient.slice()
    solve(hessian, direction)
    let step = 1
    let next = parameters
    let nextValue = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 40 && !(nextValue <= value); tries++, step /= 2) {
      next = parameters.map((p, j) => p - step * direction[j]!)
      nextValue = objective(next)
    }
    if (!(nextValue < value)) break
    parameters.set(next)
    value = nextValue
  }
  return { weights: parameters.slice(0, k), bias: parameters[k]! }
}
