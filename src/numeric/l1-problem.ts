/** The L1-penalised logistic problem that `l1Logistic` solves: its data, its objective at a point, and the dual's bound of it. */

/** [rows, columns] in compressed columns: the entries of column j stand at offsets[j] to offsets[j + 1]. */
export interface SparseColumns {
  readonly rows: number
  readonly offsets: Uint32Array
  /** Row of each entry. */
  readonly index: Uint32Array
  readonly values: Float64Array
}

export interface L1Problem extends SparseColumns {
  readonly lambda: number
  /** 1 or -1 */
  readonly y: Float64Array
  /** c_i > 0 */
  readonly cost: Float64Array
  /** Sum of the cost of each class: -1, 1. */
  readonly classes: readonly [number, number]
}

export interface L1Point {
  readonly weights: Float64Array<ArrayBuffer>
  /** x_i w */
  readonly scores: Float64Array<ArrayBuffer>
  bias: number
}

/** log(1 + exp(-m)) */
const softplus = (m: number): number => Math.max(0, -m) + Math.log1p(Math.exp(-Math.abs(m)))
/** 1 / (1 + exp(m)) */
const wrong = (m: number): number => (m > 0 ? Math.exp(-m) / (1 + Math.exp(-m)) : 1 / (1 + Math.exp(m)))
const entropy = (t: number): number => (t <= 0 || t >= 1 ? 0 : t * Math.log(t) + (1 - t) * Math.log(1 - t))

export const l1Problem = (
  columns: SparseColumns,
  positive: ArrayLike<boolean | number>,
  cost: Float64Array,
  lambda: number
): L1Problem => {
  const y = Float64Array.from({ length: columns.rows }, (_, i) => (positive[i] ? 1 : -1))
  const classes: [number, number] = [0, 0]
  for (let i = 0; i < columns.rows; i++) classes[y[i] === 1 ? 1 : 0] += cost[i]!
  return { ...columns, lambda, y, cost, classes }
}

const loss = ({ rows, y, cost }: L1Problem, scores: Float64Array, bias: number): number => {
  let sum = 0
  for (let i = 0; i < rows; i++) sum += cost[i]! * softplus(y[i]! * (scores[i]! + bias))
  return sum
}

/** P(w, b) */
export const l1Objective = (problem: L1Problem, { weights, scores, bias }: L1Point): number =>
  loss(problem, scores, bias) + problem.lambda * weights.reduce((sum, x) => sum + Math.abs(x), 0)

/** The best bias for the scores, by Newton's method with halved steps: one dimension, convex. */
export const fitBias = (problem: L1Problem, point: L1Point): void => {
  const { rows, y, cost, classes } = problem
  const { scores } = point
  for (let iteration = 0; iteration < 100; iteration++) {
    let [slope, curve] = [0, 1e-300]
    for (let i = 0; i < rows; i++) {
      const p = wrong(y[i]! * (scores[i]! + point.bias))
      slope -= cost[i]! * y[i]! * p
      curve += cost[i]! * p * (1 - p)
    }
    if (Math.abs(slope) <= 1e-15 * (classes[0] + classes[1])) return
    const before = loss(problem, scores, point.bias)
    let step = slope / curve
    while (loss(problem, scores, point.bias - step) > before && Math.abs(step) > 1e-16) step /= 2
    if (Math.abs(step) <= 1e-16 * Math.max(1, Math.abs(point.bias))) return
    point.bias -= step
  }
}

/** theta_i = c_i p_i, where p_i is the probability of being wrong. */
export const residualsAt = ({ rows, y, cost }: L1Problem, { scores, bias }: L1Point): Float64Array => {
  const theta = new Float64Array(rows)
  for (let i = 0; i < rows; i++) theta[i] = cost[i]! * wrong(y[i]! * (scores[i]! + bias))
  return theta
}

/** sum_i theta_i y_i x_ij of every column j. */
export const correlationsOf = (
  { offsets, index, values, y }: L1Problem,
  theta: Float64Array
): Float64Array<ArrayBuffer> => {
  const correlations = new Float64Array(offsets.length - 1)
  for (let j = 0; j < correlations.length; j++) {
    let sum = 0
    for (let at = offsets[j]!; at < offsets[j + 1]!; at++) {
      const i = index[at]!
      sum += theta[i]! * y[i]! * values[at]!
    }
    correlations[j] = sum
  }
  return correlations
}

/** The dual's value of the point that the residuals give, made feasible: no objective is below it. */
export const dualBound = (problem: L1Problem, theta: Float64Array): number => {
  const { rows, y, cost, lambda } = problem
  const totals = [0, 0]
  for (let i = 0; i < rows; i++) totals[y[i] === 1 ? 1 : 0]! += theta[i]!
  // What of sum theta y the fitted bias left over goes from the heavier class.
  const least = Math.min(totals[0]!, totals[1]!)
  const shares = totals.map((total) => (total === 0 ? 0 : least / total))
  const feasible = theta.map((t, i) => t * shares[y[i] === 1 ? 1 : 0]!)
  const largest = correlationsOf(problem, feasible).reduce((max, sum) => Math.max(max, Math.abs(sum)), 0)
  const scale = Math.min(1, lambda / largest)
  let value = 0
  for (let i = 0; i < rows; i++) value -= cost[i]! * entropy((feasible[i]! * scale) / cost[i]!)
  return value
}
