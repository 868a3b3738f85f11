import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { indexPermutation } from "../../src/random/index-permutation.ts"

describe("a permutation computed index by index", () => {
  it("gives every place once", () => {
    fc.assert(
      fc.property(fc.nat({ max: 3000 }), fc.integer(), (n, seed) => {
        const place = indexPermutation(n, seed, "test")
        const seen = new Set(Array.from({ length: n }, (_, i) => place(i)))
        expect(seen.size).toBe(n)
        for (const p of seen) expect(p >= 0 && p < n && Number.isInteger(p)).toBe(true)
      })
    )
  })

  it("differs by seed and name, and is the same for the same", () => {
    const order = (seed: number, name: string) =>
      Array.from({ length: 50 }, (_, i) => indexPermutation(50, seed, name)(i))
    expect(order(1, "a")).toEqual(order(1, "a"))
    expect(order(1, "a")).not.toEqual(order(2, "a"))
    expect(order(1, "a")).not.toEqual(order(1, "b"))
  })

  it("puts an index everywhere alike over the seeds, and two indices independently", () => {
    const n = 7
    const seeds = 7000
    const counts = new Float64Array(n * n)
    const pairs = new Float64Array(n * n)
    for (let seed = 0; seed < seeds; seed++) {
      const place = indexPermutation(n, seed, "test")
      for (let i = 0; i < n; i++) counts[i * n + place(i)]! += 1
      pairs[place(0) * n + place(1)]! += 1
    }
    const chiSquare = (observed: ArrayLike<number>, expected: number) =>
      Array.from(observed).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // 36 degrees of freedom (49 cells, rows and columns fixed): 99.99 % lie below 77; 41 for the pairs: below 84.
    expect(chiSquare(counts, seeds / n)).toBeLessThan(77)
    expect(
      chiSquare(
        Array.from(pairs).filter((_, cell) => cell % (n + 1) !== 0),
        seeds / (n * (n - 1))
      )
    ).toBeLessThan(84)
  })

  it("reaches beyond 2^32, and refuses indices that there are not", () => {
    const place = indexPermutation(2 ** 40, 0, "test")
    const places = Array.from({ length: 1000 }, (_, i) => place(i))
    expect(new Set(places).size).toBe(1000)
    expect(Math.max(...places)).toBeGreaterThan(2 ** 39)
    expect(() => indexPermutation(5, 0, "test")(5)).toThrow("index 5 of 5")
    expect(() => indexPermutation(2 ** 53, 0, "test")).toThrow("no permutation")
  })
})
