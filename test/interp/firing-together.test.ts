import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { firingTogether } from "../../src/interp/dashboard/firing-together.ts"

const sets = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { maxLength: 12 }), {
  minLength: 1,
  maxLength: 6
})

describe("latents that fire together", () => {
  it("are ranked by the Jaccard similarity of their rows, as counted one by one, at positions that are no row numbers", () => {
    fc.assert(
      fc.property(sets, (rows) => {
        const firings = rows.map((own) => ({
          positions: Int32Array.from(
            own.toSorted((a, b) => a - b),
            (row) => 3 * row + 5
          ),
          values: new Float32Array(own.length).fill(1)
        }))
        const positions = Int32Array.from({ length: 12 }, (_, row) => 3 * row + 5)
        const found = firingTogether(firings, positions, rows.length)
        for (const [latent, own] of rows.entries()) {
          const expected = rows
            .flatMap((other, id) => {
              const both = other.filter((row) => own.includes(row)).length
              return id === latent || both === 0 ? [] : [{ id, weight: both / (own.length + other.length - both) }]
            })
            .toSorted((a, b) => b.weight - a.weight || a.id - b.id)
          expect(found[latent]).toEqual([expected.map(({ id }) => id), expected.map(({ weight }) => weight)])
        }
      })
    )
  })
})
