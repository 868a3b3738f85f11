import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { binomialTail, commonStartWarning, sameNumberShare } from "../../src/analysis/same-number-share.ts"
import { nearestRows } from "../../src/analysis/decoder-cosine.ts"
import * as Rng from "../../src/random/rng.ts"
import { joinBlocks } from "../../src/numeric/float-blocks.ts"
import { initialWeights } from "../../src/sae/training/initial-weights.ts"
import { loadTestEngine } from "../engine.ts"

beforeAll(loadTestEngine)

describe("the share of equal numbers", () => {
  it("is one where every counterpart has its own number, and then is suspicious", () => {
    const found = sameNumberShare([...Array(64).keys()], 64)
    expect(found).toEqual({ same_number_share: 1, same_number_chance: 1 / 64, suspicious: true })
    expect(commonStartWarning("a and b", found)).toMatch(/^a and b have a common start: 100.0 %/)
  })

  it("leaves out those without a counterpart, and numbers that no counterpart can have", () => {
    expect(sameNumberShare([0, undefined, 1, 3, 4], 4).same_number_share).toBe(2 / 3)
  })

  it("is near chance and no cause for suspicion for counterparts drawn at random", () => {
    const suspicious = Array.from({ length: 300 }, (_, seed) => {
      const rng = Rng.make(seed, "counterparts")
      const found = sameNumberShare(
        Array.from({ length: 512 }, () => rng.int(512)),
        512
      )
      expect(found.same_number_share).toBeLessThan(0.02)
      return found.suspicious
    })
    expect(suspicious.filter(Boolean)).toHaveLength(0)
  })

  it("has the binomial's tail: sums of the distribution, worked out", () => {
    expect(binomialTail(0, 5, 0.3)).toBe(1)
    expect(binomialTail(1, 2, 0.5)).toBeCloseTo(0.75, 12)
    expect(binomialTail(2, 2, 0.5)).toBeCloseTo(0.25, 12)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0.01, max: 0.9, noNaN: true }), (n, p) => {
        for (let k = 1; k <= n; k++)
          expect(binomialTail(k, n, p)).toBeLessThanOrEqual(binomialTail(k - 1, n, p) + 1e-12)
        expect(binomialTail(n, n, p)).toBeCloseTo(p ** n, 9)
      })
    )
  })
})

describe("the starts of dictionaries of one seed", () => {
  it("have no direction in common where their sizes differ", () => {
    const [narrow, wide] = [joinBlocks(initialWeights(32, 128, 7)), joinBlocks(initialWeights(32, 512, 7))]
    const nearest = nearestRows(wide, narrow, 32)
    expect(Math.max(...nearest.cosine)).toBeLessThan(0.99)
    expect(sameNumberShare(Array.from(nearest.index), 128).suspicious).toBe(false)
  })

  it("would be found out if they had: the same rows, drawn on for the wide one", () => {
    const wide = joinBlocks(initialWeights(32, 512, 7))
    const nearest = nearestRows(wide, wide.slice(0, 128 * 32), 32)
    expect(sameNumberShare(Array.from(nearest.index), 128)).toMatchObject({ same_number_share: 1, suspicious: true })
  })

  it("differ by purpose: random directions are no SAE's first decoder", () => {
    const nearest = nearestRows(
      joinBlocks(initialWeights(32, 128, 7, 1, "random directions")),
      joinBlocks(initialWeights(32, 128, 7)),
      32
    )
    expect(sameNumberShare(Array.from(nearest.index), 128).suspicious).toBe(false)
  })
})
