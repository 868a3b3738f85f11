import { describe, expect, it } from "vitest"
import { tooFewWords, unknownLetters } from "../../../src/analysis/absorption/unfit-words.ts"

/** `count(l)` words of each letter l. */
const asked = (count: (letter: number) => number) =>
  Array.from({ length: 26 }, (_, letter) => Array.from({ length: count(letter) }, () => letter)).flat()
const needed = { min_letters: 25, words_per_letter: 20 }

describe("words that cannot be measured", () => {
  it("are refused by the letters that have none, before the model is asked", () => {
    // One letter may be missing, a second may not.
    expect(
      tooFewWords(
        asked((letter) => (letter === 23 ? 0 : 20)),
        needed
      )
    ).toBeUndefined()
    const unfit = tooFewWords(
      asked((letter) => (letter === 16 ? 4 : letter === 23 ? 0 : 20)),
      needed
    )
    expect(unfit?.problem).toBe(
      "24 letters have 5 words that are one token each, 25 are needed; too few start with q, x"
    )
    expect(tooFewWords([], needed)?.problem).toMatch(/^0 letters .* too few start with a, b, c/)
  })

  it("are refused where there are 259 and not where there are 260, with the parameter to raise", () => {
    const words = asked(() => 10)
    expect(tooFewWords(words, needed)).toBeUndefined()
    const unfit = tooFewWords(words.slice(1), needed)
    expect(unfit?.problem).toBe("259 words are too few for absorption, 260 are needed")
    expect(unfit?.remedy).toContain("words_per_letter (20)")
  })

  it("are told apart: a model that guesses does not know letters, one that is right asks for more words", () => {
    const words = asked(() => 20)
    const model = (right: (n: number) => boolean) =>
      unknownLetters(
        words,
        words.map((_, n) => right(n)),
        needed
      )
    expect(model(() => true)).toBeUndefined()
    // 20 of 520: what guessing gives.
    expect(model((n) => n % 26 === 0)?.problem).toMatch(
      /^this model does not know first letters: it names those of 20 of 520 words \(3\.8 %\)/
    )
    // The same answer to every question is right for one letter.
    expect(model((n) => words[n] === 4)?.problem).toContain("start with a, b, c, d, f, g")
    const two = model((n) => words[n]! > 1)
    expect(two?.problem).toBe(
      "the model names the first letter of 480 of 520 words (92.3 %), too few that start with a, b; " +
        "260 words of 25 letters are needed"
    )
    expect(two?.remedy).toContain("words_per_letter")
  })
})
