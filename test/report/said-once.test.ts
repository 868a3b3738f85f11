import * as fc from "fast-check"
import { expect, it } from "vitest"
import { saidOnce, warnings } from "../../src/report/page/said-once.ts"

it("sentences of the same words become one, with the range of each number that differs", () => {
  expect(
    saidOnce([
      { label: "width 128", text: "reach a mean F1 of 0.433, below 0.5" },
      { label: "width 512", text: "reach a mean F1 of 0.387, below 0.5" },
      { label: "width 512, k 32", text: "by projection alone" },
      { label: "random", text: "reach a mean F1 of -0.07, below 0.5" }
    ])
  ).toEqual([
    { labels: ["width 128", "width 512", "random"], text: "reach a mean F1 of -0.07 to 0.433, below 0.5" },
    { labels: ["width 512, k 32"], text: "by projection alone" }
  ])
})

it("digits within a name are no number", () => {
  const said = saidOnce([
    { label: "a", text: "at blocks.1.hook_resid_post it changes by 1,024 logits" },
    { label: "b", text: "at blocks.2.hook_resid_post it changes by 24 logits" },
    { label: "c", text: "at blocks.1.hook_resid_post it changes by 24 logits" }
  ])
  expect(said.map(({ text }) => text)).toEqual([
    "at blocks.1.hook_resid_post it changes by 24 to 1,024 logits",
    "at blocks.2.hook_resid_post it changes by 24 logits"
  ])
})

it("every label is named, with a sentence of the same words as its own", () => {
  const sentence = fc.tuple(fc.constantFrom("explains", "reaches"), fc.integer({ min: -999, max: 999 }))
  fc.assert(
    fc.property(fc.array(sentence, { maxLength: 20 }), (sentences) => {
      const said = sentences.map(([verb, number], i) => ({ label: `sae ${i}`, text: `it ${verb} ${number} of it` }))
      const once = saidOnce(said)
      expect(once.flatMap(({ labels }) => labels).toSorted()).toEqual(said.map(({ label }) => label).toSorted())
      for (const { labels, text } of once) {
        const own = labels.map((label) => sentences[Number(label.slice(4))] as [string, number])
        const numbers = own.map(([, number]) => number)
        const [low, high] = [Math.min(...numbers), Math.max(...numbers)]
        expect(text).toBe(`it ${own[0]?.[0]} ${low === high ? low : `${low} to ${high}`} of it`)
      }
    })
  )
})

it("more names than three are counted, and listed behind the sentence", () => {
  const said = ["a", "b", "c", "d"].map((label) => ({ label, text: "is undertrained" }))
  const [few] = warnings(said.slice(0, 2), 5, (of, text) => `Absorption of ${of}: ${text}`)
  expect(few?.markup).toBe('<p class="warn">Absorption of a; b: is undertrained</p>')
  const [many] = warnings(said, 5, (of, text) => `Absorption of ${of}: ${text}`)
  expect(many?.markup).toMatch(
    /Absorption of 4 of 5 SAEs: is undertrained\s*<details>\s*<summary>which<\/summary>\s*a; b; c; d/
  )
  expect(warnings(said, 4, (of) => of)[0]?.markup).toContain("all 4 SAEs")
})
