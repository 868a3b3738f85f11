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

/** [rows, columns] in compressed columns: the entries of column j stand at offsets[j] to offsets[j + 1]. */
export interface SparseColumns {
  readonly rows: number
  readonly offsets: Uint32Array
  /** Row of each entry. */
  readonly index: Uint32Array
  readonly values: Float64Array
}

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

/** Rounds of coordinate descent for one Newton step, at most. Correlated columns take many; a round is cheap, see below. */
const rounds = 3000
/** Columns without a weight are looked at again only every `roundsOverAll` rounds: few of them get one. */
const roundsOverAll = 20

/** log(1 + exp(-m)) */
const softplus = (m: number): number => Math.max(0, -m) + Math.log1p(Math.exp(-Math.abs(m)))
/** 1 / (1 + exp(m)) */
const wrong = (m: number): number => (m > 0 ? Math.exp(-m) / (1 + Math.exp(-m)) : 1 / (1 + Math.exp(m)))
const entropy = (t: number): number => (t <= 0 || t >= 1 ? 0 : t * Math.log(t) + (1 - t) * Math.log(1 - t))

/**
 * @param positive y_i = 1
 * @param cost c_i > 0
 * @returns all zeros where a class is empty
 */
export const l1Logistic = (
  { rows: n, offsets, index, values }: SparseColumns,
  positive: ArrayLike<boolean | number>,
  cost: Float64Array,
  { lambda, tolerance, maxIterations = 200 }: L1LogisticOptions
): L1Logistic => {
  const width = offsets.length - 1
  const y = Float64Array.from({ length: n }, (_, i) => (positive[i] ? 1 : -1))
  const weights = new Float64Array(width)
  const correlations = new Float64Array(width)
  let bias = 0
  /** x_i w */
  const scores = new Float64Array(n)
  const classes = [0, 0]
  for (let i = 0; i < n; i++) classes[y[i] === 1 ? 1 : 0]! += cost[i]!
  if (classes[0] === 0 || classes[1] === 0) {
    return { weights, bias: 0, correlations, objective: 0, gap: 0, iterations: 0, converged: true }
  }

  const loss = (at: Float64Array, b: number): number => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += cost[i]! * softplus(y[i]! * (at[i]! + b))
    return sum
  }
  const norm1 = (w: Float64Array): number => w.reduce((sum, x) => sum + Math.abs(x), 0)

  /** The best bias for the scores, by Newton's method with halved steps: one dimension, convex. */
  const fitBias = (): void => {
    for (let iteration = 0; iteration < 100; iteration++) {
      let [slope, curve] = [0, 1e-300]
      for (let i = 0; i < n; i++) {
        const p = wrong(y[i]! * (scores[i]! + bias))
        slope -= cost[i]! * y[i]! * p
        curve += cost[i]! * p * (1 - p)
      }
      if (Math.abs(slope) <= 1e-15 * (classes[0]! + classes[1]!)) return
      const before = loss(scores, bias)
      let step = slope / curve
      while (loss(scores, bias - step) > before && Math.abs(step) > 1e-16) step /= 2
      if (Math.abs(step) <= 1e-16 * Math.max(1, Math.abs(bias))) return
      bias -= step
    }
  }

  const theta = new Float64Array(n)
  const residuals = (): void => {
    for (let i = 0; i < n; i++) theta[i] = cost[i]! * wrong(y[i]! * (scores[i]! + bias))
    for (let j = 0; j < width; j++) {
      let sum = 0
      for (let at = offsets[j]!; at < offsets[j + 1]!; at++) {
        const i = index[at]!
        sum += theta[i]! * y[i]! * values[at]!
      }
      correlations[j] = sum
    }
  }

  /** Of the point that the residuals give, made feasible. */
  const dual = (): number => {
    const totals = [0, 0]
    for (let i = 0; i < n; i++) totals[y[i] === 1 ? 1 : 0]! += theta[i]!
    // What of sum theta y the fitted bias left over goes from the heavier class.
    const least = Math.min(totals[0]!, totals[1]!)
    const shares = totals.map((total) => (total === 0 ? 0 : least / total))
    const feasible = theta.map((t, i) => t * shares[y[i] === 1 ? 1 : 0]!)
    let largest = 0
    for (let j = 0; j < width; j++) {
      let sum = 0
      for (let at = offsets[j]!; at < offsets[j + 1]!; at++) {
        sum += feasible[index[at]!]! * y[index[at]!]! * values[at]!
      }
      largest = Math.max(largest, Math.abs(sum))
    }
    const scale = Math.min(1, lambda / largest)
    let value = 0
    for (let i = 0; i < n; i++) value -= cost[i]! * entropy((feasible[i]! * scale) / cost[i]!)
    return value
  }

  fitBias()
  const atZero = loss(scores, bias)
  const curvature = new Float64Array(n)
  const step = new Float64Array(width)
  const moved = new Float64Array(n)
  let iterations = 0
  let objective = atZero
  let gap = Number.POSITIVE_INFINITY
  for (; ; iterations++) {
    fitBias()
    residuals()
    objective = loss(scores, bias) + lambda * norm1(weights)
    gap = Math.max(0, objective - dual()) / atZero
    if (gap <= tolerance || iterations >= maxIterations) break

    for (let i = 0; i < n; i++) {
      const p = theta[i]! / cost[i]!
      curvature[i] = Math.max(cost[i]! * p * (1 - p), 1e-12 * cost[i]!)
    }
    step.fill(0)
    moved.fill(0)
    let biasStep = 0
    // The gap is linear in what the correlations are off by, and the change of the objective quadratic.
    const enough = 1e-4 * gap ** 2 * atZero
    const totalCurvature = curvature.reduce((sum, h) => sum + h, 0)
    const active: Array<number> = []
    const diagonal: Array<number> = []
    for (let j = 0; j < width; j++) {
      if (weights[j] === 0 && Math.abs(correlations[j]!) <= lambda) continue
      let sum = 0
      for (let at = offsets[j]!; at < offsets[j + 1]!; at++) sum += curvature[index[at]!]! * values[at]! ** 2
      if (sum > 0) diagonal[active.push(j) - 1] = sum
    }
    for (let round = 0; round < rounds; round++) {
      let change = 0
      const all = round % roundsOverAll === 0
      for (const [place, j] of active.entries()) {
        const now = weights[j]! + step[j]!
        if (!all && now === 0) continue
        let slope = -correlations[j]!
        for (let at = offsets[j]!; at < offsets[j + 1]!; at++) {
          const i = index[at]!
          slope += curvature[i]! * (moved[i]! + biasStep) * values[at]!
        }
        const h = diagonal[place]!
        const target = now - slope / h
        const next = Math.sign(target) * Math.max(0, Math.abs(target) - lambda / h)
        const by = next - now
        if (by === 0) continue
        step[j]! += by
        for (let at = offsets[j]!; at < offsets[j + 1]!; at++) moved[index[at]!]! += by * values[at]!
        change = Math.max(change, h * by * by)
      }
      // The bias is fitted, so its own slope is zero where nothing moved.
      let slope = 0
      for (let i = 0; i < n; i++) slope += curvature[i]! * (moved[i]! + biasStep)
      const by = -slope / totalCurvature
      biasStep += by
      change = Math.max(change, totalCurvature * by * by)
      if (all && change <= enough) break
    }

    const before = objective
    const [scoresBefore, weightsBefore, biasBefore] = [scores.slice(), weights.slice(), bias]
    let accepted = false
    for (let length = 1; length > 1e-10; length /= 2) {
      for (let j = 0; j < width; j++) weights[j] = weightsBefore[j]! + length * step[j]!
      for (let i = 0; i < n; i++) scores[i] = scoresBefore[i]! + length * moved[i]!
      bias = biasBefore + length * biasStep
      if (loss(scores, bias) + lambda * norm1(weights) < before) {
        accepted = true
        break
      }
    }
    if (accepted) continue
    // No decrease left that f64 can show.
    weights.set(weightsBefore)
    scores.set(scoresBefore)
    bias = biasBefore
    break
  }
  return { weights, bias, correlations, objective, gap, iterations, converged: gap <= tolerance }
}
