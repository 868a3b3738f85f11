import { assert, describe, it } from "vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as Wiring from "../../src/stage/wiring.ts"

const one = fc.integer().map((of): Wiring.Wiring<number> => ({ shape: "one", of }))
const list = fc.array(fc.integer()).map((of): Wiring.Wiring<number> => ({ shape: "list", of }))
const record = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.oneof(one, list))
  .map((of): Wiring.Wiring<number> => ({ shape: "record", of }))
const wirings = fc.oneof(one, list, record)

const double = (x: number): number => 2 * x

describe("what stands at an input", () => {
  it("keeps its shape and its order under map and traverse, which agree", () => {
    fc.assert(
      fc.property(wirings, (wiring) => {
        const mapped = Wiring.map(wiring, double)
        assert.deepStrictEqual(Wiring.items(mapped), Wiring.items(wiring).map(double))
        assert.deepStrictEqual(Effect.runSync(Wiring.traverse(wiring, (x) => Effect.succeed(double(x)))), mapped)
        assert.deepStrictEqual(Object.keys(mapped.of), Object.keys(wiring.of))
      })
    )
  })

  it("is told plainly as one, as a list, or by name", () => {
    const plain = (wiring: Wiring.Wiring<number>) => Wiring.plain(wiring, String, (x) => [x])
    assert.deepStrictEqual(plain({ shape: "one", of: 1 }), "1")
    assert.deepStrictEqual(plain({ shape: "list", of: [1, 2] }), [[1], [2]])
    assert.deepStrictEqual(
      plain({ shape: "record", of: { a: { shape: "one", of: 1 }, b: { shape: "list", of: [2] } } }),
      { a: "1", b: [[2]] }
    )
  })
})
