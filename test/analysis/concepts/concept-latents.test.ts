import * as fc from "fast-check"
import * as Result from "effect/Result"
import { expect, it } from "vitest"
import { bestConceptLatents, conceptScores } from "../../../src/analysis/concepts/concept-latents.ts"
import { contrasts, largestActivations, meanActivations } from "../../../src/analysis/concepts/found-latents.ts"
import findLatents from "../../../stages/find-latents.ts"

/** Rows of latents that fire, each with 1. */
const codes = (rows: ReadonlyArray<ReadonlyArray<number>>, d_sae: number) => {
  const offsets = new Uint32Array(rows.length + 1)
  for (const [i, row] of rows.entries()) offsets[i + 1] = offsets[i]! + row.length
  const latents = Uint32Array.from(rows.flat())
  return { rows: rows.length, d_sae, offsets, latents, values: new Float32Array(latents.length).fill(1) }
}

it("the latent of a concept is that of the largest F1, by hand", () => {
  // Concept 0 at rows 0, 1, 2: latent 1 fires at 0, 1, 3: 2 * 2 / (3 + 3). Latent 0 everywhere: 2 * 3 / (3 + 6).
  const all = codes([[0, 1], [0, 1], [0], [0, 1], [0], [0]], 3)
  const concept = Int32Array.of(0, 0, 0, -1, 1, -1)
  const [first, second] = bestConceptLatents(all, concept, 2)
  expect(first).toEqual({ latent: 0, f1: 6 / 9 })
  expect(second).toEqual({ latent: 0, f1: 2 / 7 })
  expect([...conceptScores(all, concept, [1, -1])]).toEqual([4 / 6, 0])
})

it("a concept that a latent stands for exactly has F1 1, and what was chosen scores the same on the rows that chose it", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 40 }), (drawn) => {
      const concept = Int32Array.from([0, 1, 2, 3, ...drawn])
      const all = codes(
        Array.from(concept, (c) => (c < 0 ? [4] : [c, 4])),
        5
      )
      const best = bestConceptLatents(all, concept, 4)
      const scores = conceptScores(
        all,
        concept,
        best.map(({ latent }) => latent)
      )
      for (const [c, { f1 }] of best.entries()) {
        expect(f1).toBe(1)
        expect(scores[c]).toBe(1)
      }
    })
  )
})

it("a latent's contrast is the difference of its means as a share of its largest activation", () => {
  const all = { ...codes([[0, 1], [1], []], 3), values: Float32Array.of(4, 2, 1) }
  const largest = largestActivations([all], 3)
  expect([...contrasts(meanActivations(all, [0, 1]), meanActivations(all), largest)]).toEqual([
    2 / 4 - 4 / 3 / 4,
    (1.5 - 1) / 2,
    0
  ])
})

it("a search has one of text and rule", () => {
  const given = { text: null, against: null, rule: null, count: 1, neighbours: 1, rows: 100, seed: 0 }
  const wired = { sae: 1, activations: 1, model: 1 }
  for (const wrong of [
    given,
    { ...given, text: "a", rule: "b" },
    { ...given, rule: "b", against: "a" },
    { ...given, rule: "[" }
  ]) {
    expect(Result.isFailure(findLatents.decode(wrong, wired))).toBe(true)
  }
  expect(Result.isFailure(findLatents.decode({ ...given, text: "a", against: "b" }, wired))).toBe(false)
})
