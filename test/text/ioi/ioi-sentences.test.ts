import * as fc from "fast-check"
import * as Result from "effect/Result"
import { expect, it } from "vitest"
import * as Rng from "../../../src/random/rng.ts"
import { chooseIoi, ioiSentence, ioiSymbols, ioiWords } from "../../../src/text/ioi/ioi-sentences.ts"
import { symbolVocabulary } from "../../../src/text/symbol-vocabulary.ts"

it("both orders of a sentence differ in the giver alone, and who gets it is the other one", () => {
  const vocabulary = symbolVocabulary(ioiSymbols(ioiWords))
  if (Result.isFailure(vocabulary)) throw new Error("no vocabulary")
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const choice = chooseIoi(ioiWords, Rng.make(seed, "test"))
      const [one, other] = (["ABA", "ABB"] as const).map((order) => ioiSentence(choice, order))
      const [words, others] = [one!, other!].map(({ prompt }) => prompt.split(" "))
      expect(words!.length).toBe(13)
      expect(words!.flatMap((word, n) => (word === others![n] ? [] : [n]))).toEqual([8])
      expect([one!.giver, one!.receiver]).toEqual([other!.receiver, other!.giver])
      expect(one!.giver).not.toBe(one!.receiver)
      for (const word of [...words!, one!.receiver]) expect(vocabulary.success.id(word)).toBeDefined()
    })
  )
})
