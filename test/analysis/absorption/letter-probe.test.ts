import { beforeAll, describe, expect, it } from "vitest"
import { balancedLogistic } from "../../../src/numeric/balanced-logistic.ts"
import { accuracy, f1, f1PerClass } from "../../../src/numeric/f1.ts"
import { predictLetters, probeDirections, trainLetterProbe } from "../../../src/analysis/absorption/letter-probe.ts"
import { stratifiedFolds } from "../../../src/numeric/stratified-folds.ts"
import * as Rng from "../../../src/random/rng.ts"
import { loadTestEngine } from "../../engine.ts"

beforeAll(loadTestEngine)

/** Rows of class k: a large common mean, noise, and 3 times the k-th planted direction; dimension 0 is 100 times louder. */
const planted = (seed: number, n: number, d: number, classes: number) => {
  const rng = Rng.make(seed, "planted")
  const directions = Array.from({ length: classes }, () => Float64Array.from({ length: d }, () => rng.normal()))
  const labels = Uint8Array.from({ length: n }, () => rng.int(classes))
  const x = new Float32Array(n * d)
  for (let r = 0; r < n; r++) {
    for (let i = 0; i < d; i++) {
      const signal = i === 0 ? 0 : directions[labels[r]!]![i]!
      x[r * d + i] = (i === 0 ? 100 : 1) * (rng.normal() + 3) + 1.5 * signal
    }
  }
  return { x, labels, directions }
}

describe("the letter probe", () => {
  const d = 24
  const classes = 5
  const { x, labels, directions } = planted(1, 800, d, classes)
  const fit = (rows: Float32Array) => trainLetterProbe(rows.slice(0, 600 * d), labels.slice(0, 600), { classes })

  it("recovers planted directions, a loud useless dimension notwithstanding", () => {
    const train = fit(x)
    expect(train.converged).toBe(true)
    expect(accuracy(labels.slice(600), predictLetters(train, x.slice(600 * d)))).toBeGreaterThan(0.97)
    const unit = probeDirections(train)
    const centre = Float64Array.from({ length: d }, (_, i) => directions.reduce((sum, w) => sum + w[i]! / classes, 0))
    for (let k = 0; k < classes; k++) {
      const row = unit.subarray(k * d, (k + 1) * d)
      expect(Math.hypot(...row)).toBeCloseTo(1, 10)
      expect(Math.abs(row[0]!)).toBeLessThan(0.01)
      const wanted = directions[k]!.map((w, i) => (i === 0 ? 0 : w - centre[i]!))
      const cosine = row.reduce((sum, w, i) => sum + w * wanted[i]!, 0) / Math.hypot(...wanted)
      expect(cosine).toBeGreaterThan(0.85)
    }
  })

  it("gives the same bits again, and the same predictions for shifted and scaled inputs", () => {
    const train = fit(x)
    expect(fit(x).weights).toEqual(train.weights)
    const moved = x.map((value) => 4 * value - 8)
    expect(accuracy(predictLetters(fit(moved), moved), predictLetters(train, x))).toBeGreaterThan(0.995)
  })

  it("is at a minimum of C * loss + |W|^2 / 2: two classes, one dimension, solved by hand", () => {
    // x = -1, 1 (standard already), labels 0, 1: W = (-w, w), b = 0. Loss 2 log(1 + e^{-2w}) + w^2 with C = 1, so
    // w = 2 / (1 + e^{2w}): w = 0.6136...
    const { weights, bias } = trainLetterProbe(Float32Array.from([-1, 1]), Uint8Array.from([0, 1]), { classes: 2 })
    const w = weights[1]!
    expect(weights[0]).toBeCloseTo(-w, 4)
    expect(w).toBeCloseTo(2 / (1 + Math.exp(2 * w)), 3)
    expect(bias[0]! - bias[1]!).toBeCloseTo(0, 4)
  })
})

describe("the balanced logistic regression", () => {
  it("satisfies its stationarity conditions, classes weighted to equal totals", () => {
    const rng = Rng.make(5, "logistic")
    const n = 300
    const positive = Array.from({ length: n }, () => rng.float() < 0.1)
    const columns = [0, 1, 2].map(() => positive.map((yes) => rng.normal() + (yes ? 1 : 0)))
    const { weights, bias } = balancedLogistic(columns, positive)
    const yes = positive.filter(Boolean).length
    const residual = positive.map((label, i) => {
      const z = bias + columns.reduce((sum, column, j) => sum + weights[j]! * column[i]!, 0)
      const weight = label ? n / (2 * yes) : n / (2 * (n - yes))
      return weight * (1 / (1 + Math.exp(-z)) - (label ? 1 : 0))
    })
    expect(residual.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 4)
    columns.forEach((column, j) => {
      const gradient = residual.reduce((sum, r, i) => sum + r * column[i]!, 0)
      expect(gradient + weights[j]!).toBeCloseTo(0, 4)
    })
  })

  it("separates a perfect column without diverging, and gives zeros where a class is empty", () => {
    const { weights, bias } = balancedLogistic([[0, 0, 5, 5]], [false, false, true, true])
    expect(bias).toBeLessThan(0)
    expect(5 * weights[0]! + bias).toBeGreaterThan(0)
    expect(balancedLogistic([[1, 2]], [true, true])).toEqual({ weights: new Float64Array(1), bias: 0 })
  })
})

describe("scores", () => {
  it("f1 of 2 hits, 1 false alarm and 1 miss is 2 * 2 / (4 + 2)", () => {
    expect(f1([1, 1, 1, 0, 0], [1, 1, 0, 1, 0])).toBeCloseTo(4 / 6, 12)
    expect(f1([0, 0], [0, 0])).toBe(0)
    expect(f1PerClass([0, 1, 2], [0, 2, 2], 3)).toEqual([1, 0, 2 / 3])
  })
})

describe("stratified folds", () => {
  it("test every item once, and share out each class to within one", () => {
    const labels = Uint8Array.from({ length: 103 }, (_, i) => (i < 7 ? 0 : i % 4))
    const fold = stratifiedFolds(labels, 5, 1)
    for (let label = 0; label < 4; label++) {
      const counts = Array.from({ length: 5 }, (_, f) => labels.filter((l, i) => l === label && fold[i] === f).length)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    }
    const sizes = Array.from({ length: 5 }, (_, f) => fold.filter((each) => each === f).length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    expect(stratifiedFolds(labels, 5, 1)).toEqual(fold)
    expect(stratifiedFolds(labels, 5, 2)).not.toEqual(fold)
  })
})
