/**
 * L1-penalised logistic regression of one yes/no label on sparse columns, solved to a stated duality gap: the minimum over w
 * and a free bias b of
 *
 *     P(w, b) = sum_i c_i log(1 + exp(-y_i (x_i w + b))) + lambda |w|_1,    y_i = 1 or -1
 *
 * Proximal Newton steps, each solved by cyclic coordinate descent over the columns that can move (Yuan, Ho and Lin 2012,
 * "An improved GLMNET for L1-regularized logistic regression"). Deterministic, f64, no engine.
 *
 * The gap is P less the dual value of the point that the residuals give: with theta_i = c_i p_i, where p_i is the probability
 * of being wrong, D = -sum_i c_i [t log t + (1 - t) log(1 - t)], t = theta_i / c_i, under |sum_i theta_i y_i x_ij| <= lambda
 * for every j and sum_i theta_i y_i = 0. The residuals are scaled down until both hold, so P - D bounds what is missing.
 */
import { newtonStep, takeStep } from "./l1-newton-step.ts"
import {
  correlationsOf,
  dualBound,
  fitBias,
  l1Objective,
  type L1Point,
  l1Problem,
  residualsAt,
  type SparseColumns
} from "./l1-problem.ts"

export type { SparseColumns } from "./l1-problem.ts"

/** Change of the objective, as a share of the squared gap, at which the descent of a Newton step ends. */
const [coarsest, finest] = [1e-4, 1e-12]

export interface L1LogisticOptions {
  readonly lambda: number
  /** Largest duality gap, as a share of P(0, b) at its best b. */
  readonly tolerance: number
  /** Newton steps at most. @default 200 */
  readonly maxIterations?: number
}

export interface L1Logistic {
  readonly weights: Float64Array<ArrayBuffer>
  readonly bias: number
  /** sum_i c_i y_i p_i x_ij: within lambda everywhere, and equal to lambda sign(w_j) where w_j is not zero. */
  readonly correlations: Float64Array<ArrayBuffer>
  readonly objective: number
  /** As a share of P(0, b) at its best b. */
  readonly gap: number
  readonly iterations: number
  readonly converged: boolean
}

/**
 * @param positive y_i = 1
 * @param cost c_i > 0
 * @returns all zeros where a class is empty
 */
export const l1Logistic = (
  columns: SparseColumns,
  positive: ArrayLike<boolean | number>,
  cost: Float64Array,
  { lambda, tolerance, maxIterations = 200 }: L1LogisticOptions
): L1Logistic => {
  const problem = l1Problem(columns, positive, cost, lambda)
  const width = columns.offsets.length - 1
  const point: L1Point = { weights: new Float64Array(width), scores: new Float64Array(columns.rows), bias: 0 }
  const { weights } = point
  if (problem.classes[0] === 0 || problem.classes[1] === 0) {
    const correlations = new Float64Array(width)
    return { weights, bias: 0, correlations, objective: 0, gap: 0, iterations: 0, converged: true }
  }
  fitBias(problem, point)
  const atZero = l1Objective(problem, point)
  // The gap is linear in what the correlations are off by, and the change of the objective quadratic. Where correlated columns share a
  // weight, rounds of descent change little each, and much together: a step that did not halve the gap is followed by a finer one.
  let [share, last] = [coarsest, Number.POSITIVE_INFINITY]
  for (let iterations = 0; ; iterations++) {
    fitBias(problem, point)
    const theta = residualsAt(problem, point)
    const correlations = correlationsOf(problem, theta)
    const objective = l1Objective(problem, point)
    const gap = Math.max(0, objective - dualBound(problem, theta)) / atZero
    const found = { weights, bias: point.bias, correlations, objective, gap, iterations, converged: gap <= tolerance }
    if (found.converged || iterations >= maxIterations) return found
    if (gap > last / 2) share = Math.max(finest, share / 10)
    last = gap
    const step = newtonStep(problem, point, theta, correlations, share * gap ** 2 * atZero)
    if (!takeStep(problem, point, step, objective)) return found
  }
}
