import { describe, expect, it } from "vitest"
import { lossRecovered } from "../../../src/sae/evaluate/loss-recovered.ts"

describe("the share of the loss that a reconstruction recovers", () => {
  it("is one where nothing is lost, and zero where all that zeros cost is lost", () => {
    expect(lossRecovered(2, 2, 6, "h")).toEqual({ ce_sae: 2, ce_zero: 6, ce_recovered: 1 })
    expect(lossRecovered(2, 6, 6, "h").ce_recovered).toBe(0)
    expect(lossRecovered(2, 3, 6, "h").ce_recovered).toBe(0.75)
    // A reconstruction may be worse than zeros.
    expect(lossRecovered(2, 10, 6, "h").ce_recovered).toBe(-1)
  })

  it("has a reason in place of a number where zeros do no harm, and where a loss is not finite", () => {
    for (const zero of [1, 2]) {
      expect(lossRecovered(2, 3, zero, "h")).toEqual({
        ce_sae: 3,
        ce_zero: zero,
        ce_recovered: { unmeasured: "zeros at h do not harm the model" }
      })
    }
    const broken = lossRecovered(2, Number.NaN, 6, "h")
    expect(broken.ce_zero).toBe(6)
    expect(broken.ce_sae).toEqual({
      unmeasured: "the model's cross-entropy with the reconstruction at h is not finite"
    })
    expect(broken.ce_recovered).toHaveProperty("unmeasured")
    expect(lossRecovered(2, 3, Number.POSITIVE_INFINITY, "h").ce_recovered).toHaveProperty("unmeasured")
    expect(lossRecovered(2, 3, Number.NaN, "h").ce_recovered).toHaveProperty("unmeasured")
  })
})
