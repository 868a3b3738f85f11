import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { packContexts } from "../../src/text/pack-contexts.ts"

const document = (name: string, ids: ReadonlyArray<number>) => ({ name, ids: Int32Array.from(ids) })
const rows = (contexts: Iterable<{ ids: Int32Array; documents: Int32Array }>) =>
  Array.from(contexts, ({ ids, documents }) => [Array.from(ids), Array.from(documents)])

describe("packing documents into contexts", () => {
  it("cuts whole contexts from the start of a document and joins the ends", () => {
    const documents = [document("a", [1, 2, 3, 4, 5]), document("b", [6]), document("c", [7, 8, 9])]
    expect(rows(packContexts(documents, 4, 0))).toEqual([
      [
        [0, 1, 2, 3],
        [-1, 0, 0, 0]
      ],
      [
        [0, 4, 5, 0],
        [-1, 0, 0, -1]
      ],
      [
        [0, 7, 8, 9],
        [-1, 2, 2, 2]
      ]
    ])
  })

  it("puts no token anywhere without a BOS", () => {
    expect(rows(packContexts([document("a", [1, 2, 3]), document("b", [4])], 2, null))).toEqual([
      [
        [1, 2],
        [0, 0]
      ],
      [
        [3, 4],
        [0, 1]
      ]
    ])
  })

  it("loses fewer tokens than two contexts hold, and repeats none", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 40 }), { maxLength: 12 }),
        fc.integer({ min: 2, max: 9 }),
        fc.boolean(),
        (lengths, context, bos) => {
          let next = 1
          const documents = lengths.map((length, d) =>
            document(
              String(d),
              Array.from({ length }, () => next++)
            )
          )
          const seen = new Set<number>()
          for (const { ids, documents: owners } of packContexts(documents, context, bos ? 0 : null)) {
            expect(ids.length).toBe(context)
            for (const [i, owner] of owners.entries()) {
              const id = ids[i] as number
              if (owner === -1) expect(id).toBe(0)
              else {
                expect(documents[owner]?.ids).toContain(id)
                expect(seen.has(id)).toBe(false)
                seen.add(id)
              }
            }
          }
          expect(next - 1 - seen.size).toBeLessThan(context)
        }
      )
    )
  })
})
