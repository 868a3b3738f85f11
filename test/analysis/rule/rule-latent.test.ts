import * as fc from "fast-check"
import * as Result from "effect/Result"
import { expect, it } from "vitest"
import { bestLatent, firingRows, ruleFigures } from "../../../src/analysis/rule/rule-latent.ts"
import { shuffledAnswers } from "../../../src/analysis/rule/shuffled-answers.ts"
import { meanInterval } from "../../../src/numeric/mean-interval.ts"
import * as Rng from "../../../src/random/rng.ts"
import evaluateRule from "../../../stages/evaluate-rule.ts"

/** Rows of latents that fire. */
const codes = (rows: ReadonlyArray<ReadonlyArray<number>>, d_sae: number) => {
  const offsets = new Uint32Array(rows.length + 1)
  for (const [i, row] of rows.entries()) offsets[i + 1] = offsets[i]! + row.length
  const latents = Uint32Array.from(rows.flat())
  return { rows: rows.length, d_sae, offsets, latents, values: new Float32Array(latents.length).fill(1) }
}

it("figures are those of a table worked by hand", () => {
  // 10 rows, 4 keep the rule, 5 fire, 3 of them keep it: 3/4, 1 - 2/6.
  const { precision, sensitivity, specificity, youden } = ruleFigures({ both: 3, keeping: 4, firing: 5, rows: 10 })
  expect([precision, sensitivity, specificity, youden].map((x) => x.toFixed(4))).toEqual([
    "0.6000",
    "0.7500",
    "0.6667",
    "0.4167"
  ])
})

it("the latent that fires exactly where the rule is kept is the best, and of a latent on every row Youden's J is 0", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 4, maxLength: 50 }), (drawn) => {
      const keeps = Uint8Array.from([true, false, ...drawn], Number)
      const all = codes(
        Array.from(keeps, (keep) => (keep === 1 ? [0, 2] : [0])),
        4
      )
      expect(bestLatent(all, keeps)).toBe(2)
      expect([...firingRows(all, 2)]).toEqual([...keeps])
      const keeping = keeps.reduce((sum, keep) => sum + keep, 0)
      const rows = keeps.length
      expect(ruleFigures({ both: keeping, keeping, firing: rows, rows }).youden).toBe(0)
    })
  )
  expect(bestLatent(codes([[], []], 3), Uint8Array.of(0, 1))).toBe(-1)
})

it("shuffled, answers of rows are as many as before; answers of documents are each one document's", () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 1, max: 4 }),
      (said, rows) => {
        const document = Int32Array.from({ length: said.length * rows }, (_, row) => Math.floor(row / rows))
        const kept = Uint8Array.from(document, (each) => Number(said[each]))
        for (const byDocument of [true, false]) {
          const other = shuffledAnswers({ kept, document }, byDocument, Rng.make(rows, "test"))
          expect(other.toSorted()).toEqual(kept.toSorted())
          if (byDocument) expect([...other]).toEqual(Array.from(document, (each) => other[each * rows]))
        }
      }
    )
  )
})

it("over many exchanges of documents of unlike lengths, a latent that is one document's tells nothing of their rule", () => {
  const lengths = [900, 40, 300, 120, 700, 60, 500, 200, 350, 80]
  const document = Int32Array.from(lengths.flatMap((length, each) => Array.from({ length }, () => each)))
  const kept = Uint8Array.from(document, (each) => Number(each % 3 === 0))
  const fires = Uint8Array.from(document, (each) => Number(each === 0))
  const rng = Rng.make(0, "exchanges")
  const youden = Array.from({ length: 40 }, () => {
    const other = shuffledAnswers({ kept, document }, true, rng)
    const count = (of: (row: number) => number) => document.reduce((sum, _, row) => sum + of(row), 0)
    const [keeping, firing] = [count((row) => other[row]!), count((row) => fires[row]!)]
    return ruleFigures({ both: count((row) => other[row]! * fires[row]!), keeping, firing, rows: document.length })
      .youden
  })
  // One exchange alone says nearly anything; their mean is 0 within its noise.
  expect(Math.max(...youden.map(Math.abs))).toBeGreaterThan(0.25)
  const { low, high } = meanInterval(youden, Rng.make(0, "interval"))!
  expect(low).toBeLessThan(0)
  expect(high).toBeGreaterThan(0)
})

it("a rule that is no expression is refused when files are checked", () => {
  const decoded = evaluateRule.decode(
    { rule: "[a", of: "token", rows: 100, seed: 0 },
    { sae: 1, activations: 1, model: 1 }
  )
  expect(Result.isFailure(decoded) ? decoded.failure[0]?.param : undefined).toBe("rule")
})
