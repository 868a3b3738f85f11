import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { byteCharacters, byteLevelPattern, toByteLevel } from "../../src/text/tokenizer/byte-level.ts"
import { makeTokenizer } from "../../src/text/tokenizer.ts"
import { tokenizerJson } from "../../src/text/tokenizer-json.ts"
import { type Bpe, countPreTokens, trainBpe } from "../../src/text/train-bpe.ts"

const endOfText = "<|endoftext|>"

const train = (text: string, size: number): Bpe => {
  const counts = new Map<string, number>()
  countPreTokens(counts, byteLevelPattern, text)
  return trainBpe(counts, size, [endOfText])
}

/** Byte-pair encoding by the definition: apply each merge, in order, wherever it fits. */
const encodeByDefinition = (bpe: Bpe, text: string): ReadonlyArray<number> =>
  (text.match(byteLevelPattern) ?? []).flatMap((word) => {
    let parts: ReadonlyArray<string> = [...toByteLevel(word)]
    for (const [left, right] of bpe.merges) {
      const next: Array<string> = []
      for (let i = 0; i < parts.length; i++) {
        if (parts[i] === left && parts[i + 1] === right) {
          next.push(left + right)
          i++
        } else next.push(parts[i] as string)
      }
      parts = next
    }
    return parts.map((part) => bpe.vocabulary.indexOf(part))
  })

const corpus = "the cat sat on the mat; the fat cat's hat, thé naïve 123 1234\n\nthat's all there is — they'll see"
const bpe = train(corpus, 300)

describe("byte-pair encoding", () => {
  it("merges the most frequent pair first, of equals the one with the lower ids", () => {
    // Pairs: a+b 3, a+a 2, space+a 2. With ab merged: a+ab 2, space+a 1, space+ab 1. With aab merged, space+ab and
    // space+aab are left, once each, and ab has the lower id.
    const counts = new Map([
      ["aab", 1],
      [" aab", 1],
      [" ab", 1]
    ])
    const { merges, vocabulary } = trainBpe(counts, 260, [endOfText])
    expect(merges.slice(0, 3)).toEqual([
      ["a", "b"],
      ["a", "ab"],
      ["Ġ", "ab"]
    ])
    expect(vocabulary[0]).toBe(endOfText)
    expect(vocabulary.slice(1, 257)).toEqual([...byteCharacters])
    expect(vocabulary.slice(257)).toEqual(["ab", "aab", "Ġab"])
  })

  it("gives the vocabulary asked for, each token the join of a merge", () => {
    expect(bpe.vocabulary.length).toBe(300)
    expect(new Set(bpe.vocabulary).size).toBe(300)
    expect(bpe.merges.map(([left, right]) => left + right)).toEqual(bpe.vocabulary.slice(257))
  })

  it("stops early when nothing is left to merge", () => {
    expect(trainBpe(new Map([["ab", 1]]), 1000, []).vocabulary.length).toBe(257)
  })

  it("is the same whatever the order of the words", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[abc]{1,6}$/), fc.integer({ min: 1, max: 5 })), (counts) => {
        const words = Object.entries(counts)
        const merges = (of: typeof words): Bpe["merges"] => trainBpe(new Map(of), 270, []).merges
        expect(merges(words.toReversed())).toEqual(merges(words))
      })
    )
  })
})

describe("tokenizer.json", () => {
  const json = tokenizerJson(bpe, endOfText)
  const tokenizer = makeTokenizer(json)

  it("is encoded as the definition says", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "grapheme" }), fc.stringMatching(/^[the cats'\n12é]*$/)), (text) => {
        fc.pre(!text.includes(endOfText))
        const expected = encodeByDefinition(bpe, text)
        expect(Array.from(tokenizer.encode(text))).toEqual(expected)
      })
    )
  })

  it("gives back any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
      })
    )
  })

  it("has the end of text at id 0, and as one token", () => {
    expect(tokenizer.id(endOfText)).toBe(0)
    expect(Array.from(tokenizer.encode(`cat${endOfText}`)).at(-1)).toBe(0)
    expect(tokenizer.vocabularySize).toBe(300)
  })
})
