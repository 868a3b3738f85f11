import { describe, expect, it } from "vitest"
import { kneserNeyBigram } from "../../src/text/kneser-ney.ts"

describe("the Kneser-Ney bigram", () => {
  // 0 1 0 1 0 2 1: bigrams 01 x 2, 10 x 2, 02, 21. Seen once 2, twice 2: D = 2 / (2 + 4) = 1/3.
  const bigram = kneserNeyBigram(Int32Array.from([0, 1, 0, 1, 0, 2, 1]), 4)

  it("gives the probabilities computed by hand", () => {
    // Four different bigrams: one ends in 0, two in 1, one in 2, none in 3. Three endings, so the discounted mass
    // 3 D / 4 = 1/4 is spread over 4 tokens: p1(0) = (1 - 1/3)/4 + 1/16, p1(1) = (2 - 1/3)/4 + 1/16, p1(3) = 1/16.
    const p0 = 2 / 12 + 1 / 16
    const p1 = 5 / 12 + 1 / 16
    const p3 = 1 / 16
    // After 0: three tokens, two different: kept (c - D) / 3, spread D * 2 / 3 = 2/9.
    expect(Math.exp(bigram.logProbability(0, 1))).toBeCloseTo((2 - 1 / 3) / 3 + (2 / 9) * p1, 12)
    expect(Math.exp(bigram.logProbability(0, 3))).toBeCloseTo((2 / 9) * p3, 12)
    expect(Math.exp(bigram.logProbability(0, 0))).toBeCloseTo((2 / 9) * p0, 12)
    // Never followed: the continuation probability.
    expect(Math.exp(bigram.logProbability(3, 0))).toBeCloseTo(p0, 12)
  })

  it("sums to one after every token", () => {
    for (let previous = 0; previous < 4; previous++) {
      let sum = 0
      for (let next = 0; next < 4; next++) sum += Math.exp(bigram.logProbability(previous, next))
      expect(sum).toBeCloseTo(1, 12)
    }
  })
})
