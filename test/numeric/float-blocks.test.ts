import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { joinBlocks, rowBlocksOf } from "../../src/numeric/float-blocks.ts"

const cut = fc
  .record({
    width: fc.integer({ min: 1, max: 7 }),
    rows: fc.integer({ min: 0, max: 9 }),
    lengths: fc.array(fc.integer({ min: 0, max: 12 }))
  })
  .map(({ width, rows, lengths }) => {
    const values = Float32Array.from({ length: width * rows }, (_, i) => i)
    const blocks: Array<Float32Array> = []
    let at = 0
    for (const length of [...lengths, values.length]) {
      blocks.push(values.subarray(at, at + length))
      at = Math.min(values.length, at + length)
    }
    return { width, values, given: { length: values.length, blocks: () => blocks } }
  })

describe("blocks of numbers", () => {
  it("are the same numbers joined, and in whole rows, wherever they are cut", () => {
    fc.assert(
      fc.property(cut, ({ width, values, given }) => {
        expect(joinBlocks(given)).toEqual(values)
        const rows = Array.from(rowBlocksOf(given, width), (block) => {
          expect(block.length % width).toBe(0)
          return block.slice()
        })
        expect(joinBlocks({ length: values.length, blocks: () => rows })).toEqual(values)
      })
    )
  })
})
