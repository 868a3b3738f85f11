import { describe, expect, it } from "vitest"
import { firstLetterPrompts, letterOf } from "../../../src/text/first-letter/first-letter-prompts.ts"

/** Splits as GPT-2's pattern does on these texts: a word takes its leading space along, signs and newlines stand alone. */
const vocabulary = new Map<string, number>()
const encode = (text: string): ReadonlyArray<number> =>
  (text.match(/ ?[A-Za-z]+|\n| ?[^\sA-Za-z]+/g) ?? []).map((piece) => {
    const known = vocabulary.get(piece)
    if (known !== undefined) return known
    vocabulary.set(piece, vocabulary.size + 1)
    return vocabulary.size
  })

const words = ["cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay", "koi", "lynx", "mole", "newt"]

describe("first-letter prompts", () => {
  const prompts = firstLetterPrompts({ words, seed: 3, encode, bos: 0, examples: 3 })

  it("are lines of examples, then the word's line cut before the letter", () => {
    const lines = prompts.example.split("\n")
    expect(lines).toHaveLength(4)
    for (const line of lines.slice(0, 3)) {
      const [, word, letter] = /^ ([a-z]+) has the first letter: ([A-Z])$/.exec(line)!
      expect(letter!.toLowerCase()).toBe(word!.charAt(0))
    }
    expect(lines[3]).toBe(" cat has the first letter:")
  })

  it("have one length, begin with BOS, and hold the word's token at the stated position", () => {
    // BOS, 3 lines of 7 tokens (word, has, the, first, letter, ":", answer) with a newline, the word, 5 more.
    expect(prompts.length).toBe(1 + 3 * 8 + 6)
    expect(prompts.wordPosition).toBe(1 + 3 * 8)
    words.forEach((word, n) => {
      const ids = prompts.ids.subarray(n * prompts.length, (n + 1) * prompts.length)
      expect(ids[0]).toBe(0)
      expect(ids[prompts.wordPosition]).toBe(encode(` ${word}`)[0])
    })
    expect(prompts.answerIds[2]).toBe(encode(" C")[0])
    expect(prompts.letters.slice(0, 2)).toEqual(Uint8Array.from([2, 3]))
  })

  it("never show the test word among the examples, and show three different ones", () => {
    words.forEach((word, n) => {
      const ids = prompts.ids.subarray(n * prompts.length, (n + 1) * prompts.length)
      const shown = [0, 1, 2].map((line) => ids[1 + 8 * line]!)
      expect(shown).not.toContain(encode(` ${word}`)[0])
      expect(new Set(shown).size).toBe(3)
    })
  })

  it("do not change for a word when others are left out", () => {
    const few = firstLetterPrompts({ words: words.slice(5), exampleWords: words, seed: 3, encode, bos: 0, examples: 3 })
    expect(few.ids.slice(0, few.length)).toEqual(prompts.ids.slice(5 * few.length, 6 * few.length))
  })

  it("refuse a word of several tokens, too few words, and a tokenizer that splits lines differently", () => {
    expect(() => firstLetterPrompts({ words: ["ice cream", ...words], seed: 0, encode, bos: null })).toThrow(/2 tokens/)
    expect(() => firstLetterPrompts({ words: words.slice(0, 5), seed: 0, encode, bos: null })).toThrow(/more than 5/)
    const merging = (text: string) => (text.length > 30 ? encode(text).slice(1) : encode(text))
    expect(() => firstLetterPrompts({ words, seed: 0, encode: merging, bos: null })).toThrow(/position/)
  })

  it("take letters from a-z alone", () => {
    expect(letterOf("zebra")).toBe(25)
    expect(() => letterOf("Éclair")).toThrow(/a-z/)
  })
})
