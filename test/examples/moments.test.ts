import * as fc from "fast-check"
import { expect, it } from "vitest"
import { makeMoments } from "../../examples/own-stage/science/moments.ts"

it("the example's one pass gives the variance that two passes give, however the rows come", () => {
  const rows = fc.array(fc.tuple(fc.float({ min: -1e3, max: 1e3, noNaN: true }), fc.integer({ min: -9, max: 9 })), {
    minLength: 1
  })
  fc.assert(
    fc.property(rows, fc.nat(), (values, cut) => {
      const moments = makeMoments(2)
      const at = cut % values.length
      for (const part of [values.slice(0, at), values.slice(at)]) moments.add(Float32Array.from(part.flat()))
      for (const [j, found] of moments.variance().entries()) {
        const column = values.map((row) => Math.fround(row[j] as number))
        const mean = column.reduce((sum, x) => sum + x, 0) / column.length
        const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length
        expect(found).toBeCloseTo(variance, 4)
      }
    })
  )
})
