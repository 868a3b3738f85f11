import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { packContexts, type PackedPiece, type PackOptions } from "../../src/text/pack-contexts.ts"
import type { TokenDocument } from "../../src/text/documents/token-document.ts"

/** A document that comes in pieces of two ids. */
const document = (row: number, ids: ReadonlyArray<number>): TokenDocument => ({
  file: 0,
  row,
  parts: Array.from({ length: Math.ceil(ids.length / 2) }, (_, i) => Int32Array.from(ids.slice(2 * i, 2 * i + 2)))
})
const idsOf = ({ parts }: TokenDocument): ReadonlyArray<number> =>
  [...(parts as ReadonlyArray<Int32Array>)].flatMap((part) => [...part])

const packed = async (documents: ReadonlyArray<TokenDocument>, options: Partial<PackOptions>) => {
  const all = { contextSize: 4, bos: 0, separator: options.bos === undefined ? 0 : options.bos, packing: "join_ends" }
  const pieces: Array<PackedPiece> = []
  for await (const piece of packContexts(documents, { ...all, ...options } as PackOptions)) pieces.push(piece)
  return pieces
}
const rows = async (documents: ReadonlyArray<TokenDocument>, options: Partial<PackOptions>) =>
  (await packed(documents, options)).map(({ context }) => [Array.from(context.ids), Array.from(context.documents)])

describe("packing documents into contexts", () => {
  it("cuts whole contexts from the start of a document and joins the ends", async () => {
    const documents = [document(1, [1, 2, 3, 4, 5]), document(2, [6]), document(3, [7, 8, 9])]
    expect(await rows(documents, {})).toEqual([
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

  it("names documents in the order of their numbers, and none that is in no context", async () => {
    const documents = [document(7, []), document(8, [1, 2, 3, 4]), document(9, [5]), document(10, [6])]
    expect((await packed(documents, {})).map(({ named }) => named.map(({ row }) => row))).toEqual([[8], [9]])
  })

  it("puts another token, or none, between the ends of documents", async () => {
    const documents = [document(1, [1]), document(2, [2]), document(3, [3])]
    expect((await rows(documents, { separator: 9 }))[0]?.[0]).toEqual([0, 1, 9, 2])
    expect((await rows(documents, { separator: null }))[0]).toEqual([
      [0, 1, 2, 3],
      [-1, 0, 1, 2]
    ])
  })

  it("can begin every context with a document, and leaves short documents and the rest of long ones out", async () => {
    const documents = [document(1, [1, 2]), document(2, [3, 4, 5, 6, 7, 8, 9]), document(3, [10, 11, 12])]
    const pieces = await packed(documents, { packing: "one_per_document" })
    expect(pieces.map(({ context, named }) => [[...context.ids], [...context.documents], named[0]?.row])).toEqual([
      [[0, 3, 4, 5], [-1, 0, 0, 0], 2],
      [[0, 10, 11, 12], [-1, 1, 1, 1], 3]
    ])
  })

  it("puts no token anywhere without a BOS", async () => {
    expect(await rows([document(1, [1, 2, 3]), document(2, [4])], { contextSize: 2, bos: null })).toEqual([
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

  it("loses fewer tokens than two contexts hold, and repeats none", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 40 }), { maxLength: 12 }),
        fc.integer({ min: 2, max: 9 }),
        fc.boolean(),
        async (lengths, context, bos) => {
          let next = 1
          const documents = lengths.map((length, d) =>
            document(
              d,
              Array.from({ length }, () => next++)
            )
          )
          const seen = new Set<number>()
          const pieces = await packed(documents, { contextSize: context, bos: bos ? 0 : null })
          const names = pieces.flatMap(({ named }) => named.map(({ row }) => row))
          for (const { ids, documents: owners } of pieces.map((piece) => piece.context)) {
            expect(ids.length).toBe(context)
            for (const [i, owner] of owners.entries()) {
              const id = ids[i] as number
              if (owner === -1) expect(id).toBe(0)
              else {
                expect(idsOf(documents[names[owner] as number] as TokenDocument)).toContain(id)
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
