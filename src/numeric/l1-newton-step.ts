/** One proximal Newton step of `l1Logistic`: its direction by cyclic coordinate descent, and how far along it goes. */
import { l1Objective, type L1Point, type L1Problem } from "./l1-problem.ts"

/** Rounds of coordinate descent for one Newton step, at most. Correlated columns take many; a round is cheap, see below. */
const rounds = 3000
/** Columns without a weight are looked at again only every `roundsOverAll` rounds: few of them get one. */
const roundsOverAll = 20

interface L1Step {
  readonly weights: Float64Array
  /** x_i of the weights' step */
  readonly scores: Float64Array
  bias: number
}

/** The objective around a point, to second order, in the columns that can move. */
interface L1Model {
  /** Of each row. */
  readonly curvature: Float64Array
  readonly totalCurvature: number
  readonly active: ReadonlyArray<number>
  /** Curvature along each active column. */
  readonly diagonal: ReadonlyArray<number>
}

const secondOrder = (
  { rows, offsets, index, values, cost, lambda }: L1Problem,
  { weights }: L1Point,
  theta: Float64Array,
  correlations: Float64Array
): L1Model => {
  const curvature = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    const p = theta[i]! / cost[i]!
    curvature[i] = Math.max(cost[i]! * p * (1 - p), 1e-12 * cost[i]!)
  }
  const active: Array<number> = []
  const diagonal: Array<number> = []
  for (let j = 0; j < weights.length; j++) {
    if (weights[j] === 0 && Math.abs(correlations[j]!) <= lambda) continue
    let sum = 0
    for (let at = offsets[j]!; at < offsets[j + 1]!; at++) sum += curvature[index[at]!]! * values[at]! ** 2
    if (sum > 0) diagonal[active.push(j) - 1] = sum
  }
  return { curvature, totalCurvature: curvature.reduce((sum, h) => sum + h, 0), active, diagonal }
}

/** @returns the largest change of the objective that a column or the bias made, to second order */
const descendOnce = (
  { rows, offsets, index, values, lambda }: L1Problem,
  { weights }: L1Point,
  { curvature, totalCurvature, active, diagonal }: L1Model,
  correlations: Float64Array,
  step: L1Step,
  all: boolean
): number => {
  const { weights: stepped, scores: moved } = step
  let change = 0
  for (const [place, j] of active.entries()) {
    const now = weights[j]! + stepped[j]!
    if (!all && now === 0) continue
    let slope = -correlations[j]!
    for (let at = offsets[j]!; at < offsets[j + 1]!; at++) {
      const i = index[at]!
      slope += curvature[i]! * (moved[i]! + step.bias) * values[at]!
    }
    const h = diagonal[place]!
    const target = now - slope / h
    const next = Math.sign(target) * Math.max(0, Math.abs(target) - lambda / h)
    const by = next - now
    if (by === 0) continue
    stepped[j]! += by
    for (let at = offsets[j]!; at < offsets[j + 1]!; at++) moved[index[at]!]! += by * values[at]!
    change = Math.max(change, h * by * by)
  }
  // The bias is fitted, so its own slope is zero where nothing moved.
  let slope = 0
  for (let i = 0; i < rows; i++) slope += curvature[i]! * (moved[i]! + step.bias)
  const by = -slope / totalCurvature
  step.bias += by
  return Math.max(change, totalCurvature * by * by)
}

/**
 * @param theta residuals at the point, whose bias is fitted
 * @param enough the change of the objective at which the descent ends
 */
export const newtonStep = (
  problem: L1Problem,
  point: L1Point,
  theta: Float64Array,
  correlations: Float64Array,
  enough: number
): L1Step => {
  const model = secondOrder(problem, point, theta, correlations)
  const step: L1Step = {
    weights: new Float64Array(point.weights.length),
    scores: new Float64Array(problem.rows),
    bias: 0
  }
  for (let round = 0; round < rounds; round++) {
    const all = round % roundsOverAll === 0
    const change = descendOnce(problem, point, model, correlations, step, all)
    if (all && change <= enough) break
  }
  return step
}

/**
 * The point moves along the step, halved until the objective is less than before.
 *
 * @returns false where no decrease is left that f64 can show: the point stands where it stood
 */
export const takeStep = (problem: L1Problem, point: L1Point, step: L1Step, before: number): boolean => {
  const { weights, scores } = point
  const old = { weights: weights.slice(), scores: scores.slice(), bias: point.bias }
  for (let length = 1; length > 1e-10; length /= 2) {
    for (let j = 0; j < weights.length; j++) weights[j] = old.weights[j]! + length * step.weights[j]!
    for (let i = 0; i < scores.length; i++) scores[i] = old.scores[i]! + length * step.scores[i]!
    point.bias = old.bias + length * step.bias
    if (l1Objective(problem, point) < before) return true
  }
  weights.set(old.weights)
  scores.set(old.scores)
  point.bias = old.bias
  return false
}
