import * as fc from "fast-check"
import { expect, it } from "vitest"
import { heldOutDocuments, heldOutShare, isHeldOut } from "../../src/activations/held-out-documents.ts"

const sizes = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 60 })

it("holds out no more of any kind than the share that was asked for, and half of the share at least", () => {
  fc.assert(
    fc.property(sizes, fc.double({ min: 0.01, max: 0.9, noNaN: true }), fc.integer(), (tokens, fraction, seed) => {
      const names = tokens.map((_, i) => `${i % 2 === 0 ? "text" : "lists"}/${i}`)
      const split = heldOutDocuments(tokens, names, fraction, seed, 100)
      const share = heldOutShare(split, tokens, 100)
      expect(share).toBeLessThanOrEqual(fraction + 1e-9)
      if (fraction >= 0.02) expect(share).toBeGreaterThanOrEqual(fraction / 2)
      const heldOut = new Set(split.held_out_documents)
      for (const kind of [0, 1]) {
        const members = tokens.map((size, i) => ({ size, i })).filter(({ i }) => i % 2 === kind)
        if (members.length < 2 || tokens.length < 4) continue
        const sum = (list: ReadonlyArray<{ readonly size: number }>) => list.reduce((s, { size }) => s + size, 0)
        const out = sum(members.filter(({ i }) => heldOut.has(i)))
        expect(out).toBeLessThanOrEqual(fraction * sum(members) + 1e-9)
      }
    })
  )
})

it("nine sentences and a book: the book is not held out as a whole, but a tenth of the contexts is", () => {
  const tokens = [12, 9, 14, 11, 8, 10, 13, 9, 12, 80_000]
  for (let seed = 0; seed < 20; seed++) {
    const split = heldOutDocuments(tokens, undefined, 0.1, seed, 1252)
    expect(split).toEqual({ by: "contexts", held_out_documents: [], first_held_out_context: 1127 })
  }
})

it("a long document among many is passed over, and others are held out", () => {
  const tokens = [...Array.from({ length: 300 }, () => 10), 1000]
  const split = heldOutDocuments(tokens, undefined, 0.1, 0, 40)
  expect(split.by).toBe("document")
  expect(split.held_out_documents.length).toBe(40)
  expect(split.held_out_documents).not.toContain(300)
})

it("the same seed gives the same documents, another seed others", () => {
  const tokens = Array.from({ length: 50 }, () => 10)
  const split = (seed: number) => heldOutDocuments(tokens, undefined, 0.2, seed, 10).held_out_documents
  expect(split(1)).toEqual(split(1))
  expect(split(1)).not.toEqual(split(2))
  expect(split(1).length).toBe(10)
})

it("a text of one document is split by contexts: its end is held out", () => {
  const split = heldOutDocuments([5000], ["book.txt"], 0.1, 0, 40)
  expect(split).toEqual({ by: "contexts", held_out_documents: [], first_held_out_context: 36 })
  const heldOut = isHeldOut(split)
  expect([heldOut(0, 35), heldOut(0, 36)]).toEqual([false, true])
})

it("one context cannot be split: nothing of it is held out", () => {
  const split = heldOutDocuments([50], ["few.txt"], 0.1, 0, 1)
  expect(split.first_held_out_context).toBeNull()
  expect(isHeldOut(split)(0, 0)).toBe(false)
})

it("kinds with a single document are split together", () => {
  const split = heldOutDocuments([10, 10, 10], ["a/1", "b/1", "c.txt"], 0.34, 0, 10)
  expect(split.by).toBe("document")
  expect(split.held_out_documents.length).toBe(1)
})
