import { describe, expect, it } from "vitest"
import { lossRecovered } from "../../../src/sae/evaluate/loss-recovered.ts"

describe("the share of the loss that a reconstruction recovers", () => {
  it("is one where nothing is lost, and zero where all that the ablation costs is lost", () => {
    expect(lossRecovered(2, 2, 6, "zeros at h")).toBe(1)
    expect(lossRecovered(2, 6, 6, "zeros at h")).toBe(0)
    expect(lossRecovered(2, 3, 6, "zeros at h")).toBe(0.75)
    // A reconstruction may be worse than zeros.
    expect(lossRecovered(2, 10, 6, "zeros at h")).toBe(-1)
  })

  it("has a reason in place of a number where the ablation does no harm, and where a loss is not finite", () => {
    for (const zero of [1, 2]) {
      expect(lossRecovered(2, 3, zero, "zeros at h")).toEqual({ unmeasured: "zeros at h do not harm the model" })
    }
    expect(lossRecovered(2, 3, 2.1, "zeros at h", { low: -0.1, high: 0.3 })).toEqual({
      unmeasured: "zeros at h do not harm the model by more than its noise"
    })
    expect(lossRecovered(2, 2.05, 2.1, "zeros at h", { low: 0.05, high: 0.15 })).toBeCloseTo(0.5, 9)
    for (const [sae, zero] of [
      [Number.NaN, 6],
      [3, Number.POSITIVE_INFINITY],
      [3, Number.NaN]
    ] as const) {
      expect(lossRecovered(2, sae, zero, "zeros at h")).toEqual({
        unmeasured: "a loss with the reconstruction, or zeros at h, is not finite"
      })
    }
  })
})
