import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bootstrapIntervals, drawnSum } from "../../src/numeric/bootstrap.ts"
import { normalTail } from "../../src/numeric/normal-tail.ts"
import { drawnAuc, roc } from "../../src/numeric/roc.ts"
import { studentT } from "../../src/numeric/student-t.ts"
import * as Rng from "../../src/random/rng.ts"

it.each([
  // scipy 1.17.1: stats.t.ppf(0.975, df)
  [1, 12.706204736174694],
  [2, 4.302652729749462],
  [7, 2.364624251592784],
  [10, 2.228138851986274],
  [31, 2.039513446396408],
  [200, 1.9718962236339088]
])("Student's t of %i degrees of freedom is SciPy's", (df, t) => {
  expect(studentT(df, 0.95)).toBeCloseTo(t, 9)
})

it("the normal tail is SciPy's to its stated error", () => {
  // scipy 1.17.1: stats.norm.sf
  expect(normalTail(0)).toBeCloseTo(0.5, 6)
  expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 6)
  expect(normalTail(3)).toBeCloseTo(0.0013498980316300933, 6)
})

describe("bootstrap intervals", () => {
  const mean = (values: ReadonlyArray<number>) => (times: Int32Array) => ({
    mean: drawnSum(times, values) / values.length
  })

  it("cover the mean of a skewed distribution about as often as they say, from twelve units and from sixty", () => {
    for (const [units, least] of [
      [12, 0.86],
      [60, 0.9]
    ] as const) {
      let covered = 0
      for (let repeat = 0; repeat < 200; repeat++) {
        const rng = Rng.make(repeat, `${units} exponential numbers`)
        const values = Array.from({ length: units }, () => -Math.log(1 - rng.float()))
        const { mean: interval } = bootstrapIntervals([units], mean(values), Rng.make(repeat, "draws"))
        if (interval !== undefined && interval.low <= 1 && 1 <= interval.high) covered++
      }
      expect(covered / 200).toBeGreaterThanOrEqual(least)
      expect(covered / 200).toBeLessThanOrEqual(0.98)
    }
  })

  it("cover what is crossed too: twelve pairs, each with every one of eight orders, wherever the noise is from", () => {
    for (const spread of [0.1, 1]) {
      let covered = 0
      for (let repeat = 0; repeat < 100; repeat++) {
        const rng = Rng.make(repeat, `crossed ${spread}`)
        const pairs = Array.from({ length: 12 }, () => spread * rng.normal())
        const orders = Array.from({ length: 8 }, () => rng.normal())
        const sum = (times: Int32Array) => ({
          mean: drawnSum(times.subarray(0, 12), pairs) / 12 + drawnSum(times.subarray(12), orders) / 8
        })
        const { mean: interval } = bootstrapIntervals([12, 8], sum, Rng.make(repeat, "draws"), 8)
        if (interval !== undefined && interval.low <= 0 && 0 <= interval.high) covered++
      }
      expect(covered / 100).toBeGreaterThanOrEqual(0.91)
      expect(covered / 100).toBeLessThanOrEqual(0.99)
    }
  })

  it("are not told from units that are all the same: that none of 1,024 was found is not 0 without noise", () => {
    for (const value of [0, 1, 3.5]) {
      const same = Array.from({ length: 1024 }, () => value)
      expect(bootstrapIntervals([1024], mean(same), Rng.make(0, "draws"))["mean"]).toBeUndefined()
    }
  })

  it("draw within strata: what differs between strata only has no noise", () => {
    const values = [...Array.from({ length: 10 }, () => 1), ...Array.from({ length: 30 }, () => 5)]
    expect(bootstrapIntervals([10, 30], mean(values), Rng.make(0, "draws"))["mean"]).toBeUndefined()
    expect(bootstrapIntervals([40], mean(values), Rng.make(0, "draws"))["mean"]?.low).toBeLessThan(3.9)
  })

  it("are not told from fewer than eight units, nor where draws leave the statistic undefined", () => {
    expect(bootstrapIntervals([7], mean([1, 2, 3, 4, 5, 6, 7]), Rng.make(0, "draws"))["mean"]).toBeUndefined()
    const first = [1, ...Array.from({ length: 19 }, () => 0)]
    const ratio = (times: Int32Array) => ({ ratio: 1 / drawnSum(times, first) })
    expect(bootstrapIntervals([20], ratio, Rng.make(0, "draws"))["ratio"]).toBeUndefined()
  })
})

it("the area under the curve of drawn scores is that of a list which holds each as often", () => {
  const pair = fc.record({
    score: fc.integer({ min: 0, max: 5 }),
    positive: fc.boolean(),
    times: fc.integer({ min: 0, max: 3 })
  })
  fc.assert(
    fc.property(fc.array(pair, { minLength: 2, maxLength: 20 }), (pairs) => {
      const sorted = pairs.toSorted((a, b) => b.score - a.score)
      const listed = sorted.flatMap((each) => Array.from({ length: each.times }, () => each))
      fc.pre(listed.some(({ positive }) => positive) && listed.some(({ positive }) => !positive))
      const area = drawnAuc(
        sorted.map(({ score }) => score),
        sorted.map(({ positive }) => (positive ? 1 : 0)),
        sorted.map(({ times }) => times)
      )
      const { auc } = roc(
        listed.map(({ score }) => score),
        listed.map(({ positive }) => positive)
      )
      expect(area).toBeCloseTo(auc, 12)
    })
  )
})
