import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Rng from "../../src/random/rng.ts"
import { l1Logistic, type SparseColumns } from "../../src/numeric/l1-logistic.ts"

/** Dense rows as columns. */
const columnsOf = (x: ReadonlyArray<ReadonlyArray<number>>): SparseColumns => {
  const width = x[0]?.length ?? 0
  const [index, values]: [Array<number>, Array<number>] = [[], []]
  const offsets = new Uint32Array(width + 1)
  for (let j = 0; j < width; j++) {
    for (const [i, row] of x.entries()) {
      if (row[j] === 0) continue
      index.push(i)
      values.push(row[j] as number)
    }
    offsets[j + 1] = index.length
  }
  return { rows: x.length, offsets, index: Uint32Array.from(index), values: Float64Array.from(values) }
}

const objectiveAt = (
  x: ReadonlyArray<ReadonlyArray<number>>,
  positive: ReadonlyArray<boolean>,
  cost: Float64Array,
  lambda: number,
  weights: ArrayLike<number>,
  bias: number
): number => {
  let sum = 0
  for (const [i, row] of x.entries()) {
    const z = row.reduce((total, value, j) => total + value * (weights[j] as number), bias)
    sum += (cost[i] as number) * Math.log1p(Math.exp(positive[i] ? -z : z))
  }
  return sum + lambda * Array.from(weights).reduce((total, w) => total + Math.abs(w), 0)
}

const problem = fc.record({
  x: fc.array(
    fc.array(fc.oneof(fc.constant(0), fc.double({ min: -2, max: 2, noNaN: true })), { minLength: 4, maxLength: 4 }),
    {
      minLength: 6,
      maxLength: 30
    }
  ),
  seed: fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
  lambda: fc.constantFrom(0.001, 0.01, 0.1)
})

describe("the L1-penalised logistic regression", () => {
  it("reaches its gap on columns that are all nearly alike, each round of whose descent changes little", () => {
    const [rows, width] = [480, 40]
    const rng = Rng.make(2, "correlated")
    const common = Array.from({ length: rows }, () => rng.normal())
    const positive = common.map((_, i) => i % 20 === 0)
    const columns = Array.from({ length: width }, (_, j) =>
      common.map((x, i) => 2 + x + 0.1 * rng.normal() + (positive[i] && j % 10 === 0 ? 0.2 * rng.normal() + 0.1 : 0))
    )
    const x = common.map((_, i) => columns.map((column) => column[i] as number))
    const cost = Float64Array.from(positive, (yes) => (yes ? 19 : 1) / rows)
    const fit = l1Logistic(columnsOf(x), positive, cost, { lambda: 0.01, tolerance: 1e-6 })
    expect(fit.gap).toBeLessThanOrEqual(1e-6)
    expect(fit.iterations).toBeLessThan(100)
  })

  it("ends within its gap of the minimum: no point near it or far from it has a lower objective", () => {
    fc.assert(
      fc.property(
        problem,
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }),
        (given, by) => {
          const { x, lambda } = given
          const positive = x.map((_, i) => given.seed[i] as boolean)
          if (positive.every(Boolean) || !positive.some(Boolean)) return
          const cost = new Float64Array(x.length).fill(1 / x.length)
          const fit = l1Logistic(columnsOf(x), positive, cost, { lambda, tolerance: 1e-6 })
          expect(fit.converged).toBe(true)
          const at = (weights: ArrayLike<number>, bias: number) => objectiveAt(x, positive, cost, lambda, weights, bias)
          expect(at(fit.weights, fit.bias)).toBeCloseTo(fit.objective, 10)
          for (const scale of [1, 0.1, 1e-2, 1e-3]) {
            const other = fit.weights.map((w, j) => w + scale * (by[j] as number))
            expect(at(other, fit.bias + scale * (by[4] as number))).toBeGreaterThan(fit.objective - 2e-6)
          }
        }
      ),
      { numRuns: 60 }
    )
  })

  it("has correlations within the penalty, and at it where a weight is not zero", () => {
    fc.assert(
      fc.property(problem, ({ x, seed, lambda }) => {
        const positive = x.map((_, i) => seed[i] as boolean)
        if (positive.every(Boolean) || !positive.some(Boolean)) return
        const cost = new Float64Array(x.length).fill(1 / x.length)
        const { weights, correlations } = l1Logistic(columnsOf(x), positive, cost, { lambda, tolerance: 1e-8 })
        for (const [j, w] of weights.entries()) {
          const correlation = correlations[j] as number
          expect(Math.abs(correlation)).toBeLessThan(lambda + 1e-3)
          if (Math.abs(w) > 1e-2) expect(correlation).toBeCloseTo(lambda * Math.sign(w), 2)
        }
      }),
      { numRuns: 40 }
    )
  })

  // scikit-learn 1.9.1: LogisticRegression(C=1/lambda, l1_ratio=1, solver="saga", tol=1e-12), sample_weight = cost.
  it("agrees with scikit-learn on a worked table", () => {
    const x = Array.from({ length: 12 }, (_, i) => [i % 3, (i * i) % 5, i % 2 === 0 ? 0 : 1.5, (7 * i) % 4])
    const positive = x.map((_, i) => i % 4 === 1 || i === 6)
    const cost = Float64Array.from(positive, (yes) => (yes ? 2 : 1) / 12)
    const { weights, bias, objective } = l1Logistic(columnsOf(x), positive, cost, { lambda: 0.02, tolerance: 1e-9 })
    expect(objective).toBeCloseTo(0.237242352568, 8)
    for (const [j, w] of [-1.935423, 0.0, 0.0, 4.737019].entries()) expect(weights[j]).toBeCloseTo(w, 3)
    expect(bias).toBeCloseTo(-7.921487, 3)
  })

  it("gives no weight where a class is empty", () => {
    const fit = l1Logistic(columnsOf([[1], [2]]), [true, true], new Float64Array([1, 1]), {
      lambda: 0.1,
      tolerance: 1e-6
    })
    expect([...fit.weights]).toEqual([0])
    expect(fit.converged).toBe(true)
  })
})
