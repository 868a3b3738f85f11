/**
 * Logistic regression of one yes/no label on dense columns, classes weighted to equal totals (`class_weight: balanced` and C = 1
 * in scikit-learn's convention: C sum(weight * loss) + |w|^2 / 2, the bias free). Newton's method where columns are few and its exact
 * Hessian is cheap, L-BFGS where they are many.
 */
import { lbfgs } from "./lbfgs.ts"

export interface BalancedLogistic {
  readonly weights: Float64Array<ArrayBuffer>
  readonly bias: number
}

/** With more columns than this, a Hessian costs more than it saves. */
const mostForNewton = 32

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

interface Objective {
  /** The value at p (weights, then the bias); fills what is given. */
  readonly at: (p: Float64Array, gradient?: Float64Array, hessian?: Float64Array) => number
  /** A class is empty. */
  readonly degenerate: boolean
}

const objectiveOf = (
  columns: ReadonlyArray<ArrayLike<number>>,
  positive: ArrayLike<boolean | number>,
  c: number
): Objective => {
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
  const weightOf = { yes: (c * n) / (2 * positives), no: (c * n) / (2 * (n - positives)) }
  const at: Objective["at"] = (p, gradient, hessian) => {
    gradient?.fill(0)
    hessian?.fill(0)
    let loss = 0
    for (let i = 0; i < n; i++) {
      const row = i * width
      let z = 0
      for (let j = 0; j < width; j++) z += p[j]! * x[row + j]!
      const margin = sign[i]! * z
      const tail = Math.exp(-Math.abs(margin))
      const weight = sign[i] === 1 ? weightOf.yes : weightOf.no
      loss += weight * (Math.max(0, -margin) + Math.log1p(tail))
      if (gradient === undefined) continue
      // The probability of being wrong.
      const wrong = (margin < 0 ? 1 : tail) / (1 + tail)
      const slope = -weight * sign[i]! * wrong
      const curve = weight * wrong * (1 - wrong)
      for (let a = 0; a < width; a++) {
        const xa = x[row + a]!
        if (xa === 0) continue
        gradient[a]! += slope * xa
        if (hessian === undefined) continue
        for (let b = 0; b <= a; b++) hessian[a * width + b]! += curve * xa * x[row + b]!
      }
    }
    let squares = 0
    for (let j = 0; j < k; j++) {
      squares += p[j]! * p[j]!
      if (gradient !== undefined) gradient[j]! += p[j]!
      if (hessian !== undefined) hessian[j * width + j]! += 1
    }
    return loss + squares / 2
  }
  return { at, degenerate: positives === 0 || positives === n }
}

/** C sum(weight * loss) + |w|^2 / 2 of a fit on the same columns and labels. */
export const balancedLoss = (
  columns: ReadonlyArray<ArrayLike<number>>,
  positive: ArrayLike<boolean | number>,
  { weights, bias }: BalancedLogistic,
  c = 1
): number => objectiveOf(columns, positive, c).at(Float64Array.from([...weights, bias]))

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
  const k = columns.length
  const width = k + 1
  const { at, degenerate } = objectiveOf(columns, positive, c)
  if (degenerate) return { weights: new Float64Array(k), bias: 0 }
  const parameters = new Float64Array(width)
  parameters.set(start.weights.subarray(0, k))
  parameters[k] = start.bias
  const split = (p: Float64Array<ArrayBuffer>): BalancedLogistic => ({ weights: p.slice(0, k), bias: p[k]! })
  if (k > mostForNewton) {
    // As near as scikit-learn goes by default: entries of the gradient of the mean loss.
    return split(lbfgs(parameters, at, { tolerance: 1e-4 * c * positive.length, maxIterations: 300 }).x)
  }

  const gradient = new Float64Array(width)
  const hessian = new Float64Array(width * width)
  for (let iteration = 0; iteration < 100; iteration++) {
    const value = at(parameters, gradient, hessian)
    if (gradient.every((g) => Math.abs(g) < 1e-7 * c * positive.length)) break
    // The bias has no penalty: a saturated fit must not divide by zero.
    hessian[k * width + k]! += 1e-9
    const direction = gradient.slice()
    solve(hessian, direction)
    let step = 1
    let next = parameters
    let nextValue = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 40 && !(nextValue <= value); tries++, step /= 2) {
      next = parameters.map((p, j) => p - step * direction[j]!)
      nextValue = at(next)
    }
    if (!(nextValue < value)) break
    parameters.set(next)
  }
  return split(parameters)
}
