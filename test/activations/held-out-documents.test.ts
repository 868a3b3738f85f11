import * as fc from "fast-check"
import { expect, it } from "vitest"
import { heldOutDocuments, isHeldOut } from "../../src/activations/held-out-documents.ts"

const sizes = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 60 })

it("holds out at least the share that was asked for of each kind, and no more than one document beyond it", () => {
  fc.assert(
    fc.property(sizes, fc.double({ min: 0.01, max: 0.9, noNaN: true }), fc.integer(), (tokens, fraction, seed) => {
      const names = tokens.map((_, i) => `${i % 2 === 0 ? "text" : "lists"}/${i}`)
      const split = heldOutDocuments(tokens, names, fraction, seed, 10)
      const heldOut = new Set(split.held_out_documents)
      if (split.by === "contexts") return
      for (const kind of [0, 1]) {
        const members = tokens.map((size, i) => ({ size, i })).filter(({ i }) => i % 2 === kind)
        if (members.length < 2 || tokens.length < 4) continue
        const out = members.filter(({ i }) => heldOut.has(i))
        const sum = (list: ReadonlyArray<{ readonly size: number }>) => list.reduce((s, { size }) => s + size, 0)
        expect(out.length).toBeGreaterThan(0)
        expect(out.length).toBeLessThan(members.length)
        if (out.length < members.length - 1) expect(sum(out)).toBeGreaterThanOrEqual(fraction * sum(members))
        const largest = Math.max(...out.map(({ size }) => size))
        expect(sum(out) - largest).toBeLessThan(fraction * sum(members))
      }
    })
  )
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

it("kinds with a single document are split together", () => {
  const split = heldOutDocuments([10, 10, 10], ["a/1", "b/1", "c.txt"], 0.3, 0, 10)
  expect(split.by).toBe("document")
  expect(split.held_out_documents.length).toBe(1)
})
