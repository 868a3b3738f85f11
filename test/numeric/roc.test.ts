import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { roc } from "../../src/numeric/roc.ts"

describe("roc", () => {
  it("is 1 where every positive scores above every negative, 0 the other way round, 0.5 where all tie", () => {
    expect(roc([3, 2, 1, 0], [true, true, false, false]).auc).toBe(1)
    expect(roc([0, 1, 2, 3], [true, true, false, false]).auc).toBe(0)
    expect(roc([1, 1, 1], [true, false, false]).auc).toBe(0.5)
  })

  it("counts ties half: positives 2 and 1, negatives 1 and 0 win 3 of 4 pairs and tie one", () => {
    const { auc, points, youden } = roc([2, 1, 1, 0], [true, true, false, false])
    expect(auc).toBe(3.5 / 4)
    expect(points).toEqual([
      { threshold: 2, true_positive_rate: 0.5, false_positive_rate: 0 },
      { threshold: 1, true_positive_rate: 1, false_positive_rate: 0.5 },
      { threshold: 0, true_positive_rate: 1, false_positive_rate: 1 }
    ])
    expect(youden.threshold).toBe(2)
  })

  it("equals the share of pairs that are in order, on any scores", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { minLength: 2 }), (items) => {
        const positives = items.filter(([, yes]) => yes)
        const negatives = items.filter(([, yes]) => !yes)
        fc.pre(positives.length > 0 && negatives.length > 0)
        let wins = 0
        for (const [p] of positives) for (const [n] of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0
        const { auc } = roc(
          items.map(([score]) => score),
          items.map(([, yes]) => yes)
        )
        expect(auc).toBeCloseTo(wins / (positives.length * negatives.length), 12)
      })
    )
  })
})
