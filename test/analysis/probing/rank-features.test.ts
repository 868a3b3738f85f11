import * as fs from "node:fs"
import * as path from "node:path"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Features } from "../../../src/analysis/probing/features.ts"
import { rankFeatures } from "../../../src/analysis/probing/rank-features.ts"
import { balancedLogistic, balancedLoss } from "../../../src/numeric/balanced-logistic.ts"
import { bestSubset } from "../../../src/numeric/best-subset.ts"
import { mutualInformation } from "../../../src/numeric/mutual-information.ts"
import * as Rng from "../../../src/random/rng.ts"

interface Golden {
  readonly rows: number
  readonly columns: number
  readonly information: ReadonlyArray<number>
  readonly path: ReadonlyArray<ReadonlyArray<number>>
  readonly subsets: ReadonlyArray<{ readonly k: number; readonly loss: number; readonly chosen: ReadonlyArray<number> }>
}

const featuresOf = (columns: ReadonlyArray<ArrayLike<number>>): Features => ({
  count: columns.length,
  visit: (row, feature) => columns.forEach((column, j) => (column[row] === 0 ? undefined : feature(j, column[row]!)))
})

describe("rankings beside scikit-learn's (make-rankings.py)", () => {
  const golden = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, "rankings.json"), "utf8")) as Golden
  const rows = Array.from({ length: golden.rows }, (_, i) => i)
  const positive = rows.map((i) => i % 2 === 0)
  const columns = Array.from({ length: golden.columns }, (_, j) =>
    Float64Array.from(rows, (i) => {
      const noise = ((i * 7919 + j * 104_729 + i * j * 31) % 1009) / 1009
      return noise * noise + (i % 2 === 0 ? 0.03 * j : 0)
    })
  )

  it("mutual information is the same to rounding", () => {
    for (const [j, column] of columns.entries()) {
      expect(mutualInformation(column, positive)).toBeCloseTo(golden.information[j]!, 10)
    }
  })

  it("columns come in the order in which they enter the L1 path", () => {
    const order = rankFeatures("l1", featuresOf(columns), rows, positive, 0)(golden.columns)
    const entered = order.map((j) => golden.path.findIndex((there) => there.includes(j)))
    expect(entered).toEqual(entered.toSorted((a, b) => a - b))
    expect(new Set(order).size).toBe(golden.columns)
  })

  it("the best subsets are those of all subsets", () => {
    const scaled = columns.map((column) => {
      const mean = column.reduce((sum, x) => sum + x, 0) / golden.rows
      const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / golden.rows)
      return column.map((x) => x / deviation)
    })
    for (const { k, loss, chosen } of golden.subsets) {
      const found = bestSubset(scaled, positive, k)
      expect(found.chosen).toEqual(chosen)
      expect(found.loss).toBeCloseTo(loss, 6)
    }
  })
})

it("mutual information of values that rows share, by hand", () => {
  // Each of four rows has one neighbour of its label at its value, and one of any: psi(4) + psi(1) - psi(2) - psi(1).
  expect(mutualInformation([0, 0, 1, 1], [true, true, false, false])).toBeCloseTo(1 / 2 + 1 / 3, 12)
  // All alike: psi(4) + psi(1) - psi(2) - psi(3) = 1/3 - 1, which is no information.
  expect(mutualInformation([5, 5, 5, 5], [true, false, true, false])).toBe(0)
})

it("branch and bound finds what trying every subset finds", () => {
  const seeds = fc.integer({ min: 0, max: 1e6 })
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 4 }), (seed, k) => {
      const rng = Rng.make(seed, "columns")
      const positive = Array.from({ length: 24 }, (_, i) => i % 2 === 0)
      const columns = Array.from({ length: 6 }, (_, j) =>
        Float64Array.from(positive, (yes) => rng.float() + (yes ? 0.2 * (j % 3) : 0))
      )
      const subsets = Array.from({ length: 64 }, (_, bits) =>
        columns.flatMap((_, j) => ((bits >> j) & 1 ? [j] : []))
      ).filter(({ length }) => length === k)
      const losses = subsets.map((chosen) => {
        const own = chosen.map((j) => columns[j]!)
        return balancedLoss(own, positive, balancedLogistic(own, positive))
      })
      expect(bestSubset(columns, positive, k).loss).toBeCloseTo(Math.min(...losses), 8)
    }),
    { numRuns: 25 }
  )
})

it("every ranking puts the feature first that knows the label, and exact search sees that two together do", () => {
  const rng = Rng.make(2, "ranked features")
  const positive = Array.from({ length: 128 }, (_, i) => i % 2 === 0)
  const rows = positive.map((_, i) => i)
  const columns = Array.from({ length: 12 }, (_, j) =>
    Float64Array.from(positive, (yes) => rng.float() * (j === 7 ? 0.2 : 1) + (j === 7 && yes ? 1 : 0))
  )
  for (const ranking of ["mean_difference", "mutual_information", "l1", "adaptive_thresholding", "exact"] as const) {
    const chosen = rankFeatures(ranking, featuresOf(columns), rows, positive, 12)
    expect([ranking, ...chosen(1)]).toEqual([ranking, 7])
    expect(new Set(chosen(4)).size).toBe(4)
  }
  // Two columns whose difference is the label, beside one that is half right: alone neither of them tells anything.
  const base = positive.map(() => 10 * rng.float())
  const pair = [
    Float64Array.from(base, (x, i) => x + (positive[i] === true ? 0.5 : 0)),
    Float64Array.from(base),
    Float64Array.from(positive, (yes) => Number(yes === rng.float() < 0.7))
  ]
  expect(rankFeatures("exact", featuresOf(pair), rows, positive, 3)(2)).toEqual([0, 1])
  expect(rankFeatures("mean_difference", featuresOf(pair), rows, positive, 3)(2)).toContain(2)
})
