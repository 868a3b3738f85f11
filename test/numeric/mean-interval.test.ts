import { describe, expect, it } from "vitest"
import { meanInterval, shareInterval } from "../../src/numeric/mean-interval.ts"
import { medianInterval } from "../../src/numeric/quantile-interval.ts"
import * as Rng from "../../src/random/rng.ts"

describe("intervals of means, shares and medians of units", () => {
  it("of a share are those of the binomial distribution, of whatever order the ones are in", () => {
    const half = 1.96 * Math.sqrt((0.3 * 0.7) / 400)
    const ordered = shareInterval(120, 400, Rng.make(0, "draws"))
    const mixed = meanInterval(
      Float64Array.from({ length: 400 }, (_, i) => (i % 10 < 3 ? 1 : 0)),
      Rng.make(1, "draws")
    )
    for (const interval of [ordered, mixed]) {
      expect(Math.abs((interval?.low ?? 0) - (0.3 - half))).toBeLessThan(0.008)
      expect(Math.abs((interval?.high ?? 0) - (0.3 + half))).toBeLessThan(0.008)
    }
  })

  it("of a median are those of order statistics: of 101 ranks, the 41st and the 61st", () => {
    const ranks = Array.from({ length: 101 }, (_, i) => (i * 37) % 101)
    const { median, interval } = medianInterval(ranks, Rng.make(0, "draws"))
    expect(median).toBe(50)
    expect(Math.abs((interval?.low ?? 0) - 40)).toBeLessThanOrEqual(2)
    expect(Math.abs((interval?.high ?? 0) - 60)).toBeLessThanOrEqual(2)
  })

  it("are not told of units that are all alike, or of fewer than eight", () => {
    expect(shareInterval(0, 1000, Rng.make(0, "draws"))).toBeUndefined()
    expect(meanInterval([1, 2, 3, 4, 5, 6, 7], Rng.make(0, "draws"))).toBeUndefined()
  })
})
