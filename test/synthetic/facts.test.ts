import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeFacts } from "../../src/synthetic/facts.ts"

const asked = {
  names: null,
  people: 40,
  first_names: 8,
  last_names: 9,
  attributes: ["football", "baseball"],
  seed: 0
} as const

describe("facts", () => {
  it("are of as many people as wanted, each with two names and one attribute, equal for equal seeds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 72 }), fc.nat(1000), (people, seed) => {
        const facts = makeFacts({ ...asked, people, seed })
        if (Result.isFailure(facts)) throw new Error("refused")
        const { contexts, symbols } = facts.success
        expect(new Set(contexts.map(([, first, last]) => `${first} ${last}`)).size).toBe(people)
        for (const [start, first, last, plays, attribute] of contexts) {
          expect(symbols[start!]).toBe("<start>")
          expect(symbols[first!]).toMatch(/^first[0-7]$/)
          expect(symbols[last!]).toMatch(/^last[0-8]$/)
          expect(symbols[plays!]).toBe("plays")
          expect(asked.attributes).toContain(symbols[attribute!])
        }
        expect(makeFacts({ ...asked, people, seed })).toEqual(facts)
      }),
      { numRuns: 10 }
    )
  })

  it("of names that are no two tokens are refused by name, and so is who stands there twice", () => {
    const names = Array.from({ length: 30 }, (_, i) => `Ada Number${i}`)
    const problem = (more: object) => {
      const facts = makeFacts({ ...asked, ...more })
      return Result.isFailure(facts) ? facts.failure[0] : undefined
    }
    expect(problem({ names })).toBeUndefined()
    expect(problem({ names: [...names, "Pele"] })).toMatchObject({
      param: "names[30]",
      problem: '"Pele" has 1 token, a name has two: FIRST LAST'
    })
    expect(problem({ names: [...names, "Edson Arantes Nascimento"] })?.problem).toContain("has 3 tokens")
    const all = makeFacts({ ...asked, names: ["Pele", ...names, "", "Edson Arantes Nascimento"] })
    expect(Result.isFailure(all) ? all.failure.map(({ param }) => param) : []).toEqual([
      "names[0]",
      "names[31]",
      "names[32]"
    ])
    expect(problem({ names: names.slice(0, 4) })).toMatchObject({ param: "names", problem: "4 people are too few" })
    expect(problem({ names: [...names, "Ada  Number3"] })?.problem).toContain('"Ada Number3" stands there twice')
    expect(problem({ people: 73 })?.problem).toContain("73 people want as many pairs of names, there are 72")
    expect(problem({ attributes: ["golf"] })?.param).toBe("attributes")
  })
})
