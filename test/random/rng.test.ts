import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import * as Rng from "../../src/random/rng.ts"

describe("Rng", () => {
  it("continues exactly from a saved state", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), (seed, draws) => {
        const rng = Rng.make(seed, "a")
        for (let i = 0; i < draws; i++) rng.normal()
        const copy = Rng.fromState(rng.state())
        for (let i = 0; i < 10; i++) assert.strictEqual(copy.uint32(), rng.uint32())
      })
    )
  })

  it("draws normal numbers together as it draws them one by one", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), (seed, n) => {
        const [together, apart] = [Rng.make(seed, "a"), Rng.make(seed, "a")]
        const drawn = new Float64Array(n)
        together.normals(drawn)
        assert.deepStrictEqual(
          [...drawn],
          Array.from({ length: n }, () => apart.normal())
        )
        assert.deepStrictEqual(together.state(), apart.state())
      })
    )
  })

  it("gives unrelated streams to different names", () => {
    const a = Rng.make(0, "weights")
    const b = Rng.make(0, "order")
    const equal = Array.from({ length: 100 }, () => a.uint32() === b.uint32()).filter(Boolean)
    assert.strictEqual(equal.length, 0)
  })

  it("permutes: every index once", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(200), (seed, n) => {
        const order = [...Rng.make(seed, "order").permutation(n)].toSorted((x, y) => x - y)
        assert.deepStrictEqual(
          order,
          Array.from({ length: n }, (_, i) => i)
        )
      })
    )
  })

  it("draws integers and normals with the right moments", () => {
    const rng = Rng.make(7, "moments")
    const n = 50_000
    const ints = Array.from({ length: n }, () => rng.int(6))
    const normals = Array.from({ length: n }, () => rng.normal())
    const mean = (xs: ReadonlyArray<number>): number => xs.reduce((sum, x) => sum + x, 0) / xs.length
    // Five standard errors: sd of a die is 1.71, of a normal 1, of its square 1.41.
    assert.closeTo(mean(ints), 2.5, (5 * 1.71) / Math.sqrt(n))
    assert.closeTo(mean(normals), 0, 5 / Math.sqrt(n))
    assert.closeTo(mean(normals.map((x) => x * x)), 1, (5 * 1.41) / Math.sqrt(n))
  })
})
