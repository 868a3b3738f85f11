import { describe, expect, it } from "vitest"
import { splitSize } from "../../../src/analysis/absorption/k-sparse-probe.ts"
import { wordAbsorption } from "../../../src/analysis/absorption/word-absorption.ts"

/**
 * Six latents with cosines c = (0.8, 0.5, 0.4, 0.2, 0.05, 0.02); latent 0 is the letter's own. Each case gives
 * activations, so pi = f c, and the projection P.
 */
const cosines = [0.8, 0.5, 0.4, 0.2, 0.05, 0.02]
const evaluate = (activations: ReadonlyArray<number>, P: number, split = [0]) => {
  const latents = activations.flatMap((f, j) => (f > 0 ? [j] : []))
  return wordAbsorption({ latents, values: latents.map((j) => activations[j]!) }, cosines, P, new Set(split))
}

describe("the absorption of one word", () => {
  it("is 0 where the split latent carries the whole probe: A = 10 * 0.8 = 8 >= P = 8", () => {
    expect(evaluate([10, 20, 0, 0, 0, 0], 8)).toMatchObject({ fraction: 0, full: false, main_projection: 8 })
  })

  it("is 1, and full, where the split latent is silent and another carries the probe: S = 20 * 0.5 = 10, S / P = 1", () => {
    const { fraction, full, absorbers } = evaluate([0, 20, 0, 0, 0, 0], 10)
    expect([fraction, full, absorbers]).toEqual([1, true, [1]])
  })

  it("lies between where both carry it: A = 5 * 0.8 = 4, S = 6 * 0.5 + 5 * 0.4 = 5, P = 10, r = min(5, 6), 5 / 9", () => {
    const { fraction, full, absorbers } = evaluate([5, 6, 5, 0, 0, 0], 10)
    expect(fraction).toBeCloseTo(5 / 9, 12)
    expect(full).toBe(false)
    expect(absorbers).toEqual([1, 2])
  })

  it("counts no more than is missing: A = 8, S = 20 * 0.5 = 10, P = 10, r = min(10, 2), 2 / 10", () => {
    expect(evaluate([10, 20, 0, 0, 0, 0], 10).fraction).toBeCloseTo(0.2, 12)
  })

  it("is 0 where others give less than 0.4 of the probe: S = 6 * 0.5 = 3, S / P = 0.3", () => {
    expect(evaluate([0, 6, 0, 0, 0, 0], 10)).toMatchObject({ fraction: 0, full: false })
    // 0.4 itself is enough.
    expect(evaluate([0, 8, 0, 0, 0, 0], 10)).toMatchObject({ fraction: 1, full: true })
  })

  it("does not count latents with a cosine below 0.1 in the fraction, and asks 0.025 of a full absorber", () => {
    // c = 0.05: 100 * 0.05 = 5 of P = 10. No part of S, but above 0.025.
    expect(evaluate([0, 0, 0, 0, 100, 0], 10)).toMatchObject({ fraction: 0, full: true })
    // c = 0.02: 250 * 0.02 = 5 of 10.
    expect(evaluate([0, 0, 0, 0, 0, 250], 10)).toMatchObject({ fraction: 0, full: false })
  })

  it("counts the three strongest absorbers only: 4 + 3 + 2 of P = 10 and not the fourth", () => {
    // Split latent 5 with pi = 100 * 0.02 = 2. Others: 8 * 0.5 = 4, 7.5 * 0.4 = 3, 10 * 0.2 = 2, 2 * 0.8 = 1.6.
    const { fraction, absorbers } = evaluate([2, 8, 7.5, 10, 0, 100], 20, [5])
    expect(absorbers).toEqual([1, 2, 3])
    // A = 2, S = 9, S / P = 0.45, r = min(9, 18) = 9.
    expect(fraction).toBeCloseTo(9 / 11, 12)
  })

  it("is not full where a split latent fires at all, and nothing is absorbed where the probe is not positive", () => {
    expect(evaluate([1e-3, 20, 0, 0, 0, 0], 10).full).toBe(false)
    expect(evaluate([0, 20, 0, 0, 0, 0], -1)).toMatchObject({ fraction: 0, full: false })
    expect(evaluate([0, 20, 0, 0, 0, 0], 0)).toMatchObject({ fraction: 0, full: false })
    expect(evaluate([0, 0, 0, 0, 0, 0], 10)).toMatchObject({ fraction: 0, full: false })
  })
})

describe("the number of split latents", () => {
  it("grows while F1 jumps by more than the threshold, and stops at the first failure", () => {
    expect(splitSize([0.6, 0.64, 0.9], 0.03)).toBe(3)
    expect(splitSize([0.6, 0.62, 0.9], 0.03)).toBe(1)
    expect(splitSize([0, 0], 0.03)).toBe(1)
  })
})
