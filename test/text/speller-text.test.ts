import * as fs from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import { builtinFiles } from "../../src/source/builtin/builtin-source.ts"
import { brownText } from "../../src/source/builtin/brown-text.ts"
import { heldOutSplit } from "../../src/text/held-out-split.ts"
import { type SpellerCorpus, spellerCorpus } from "../../src/text/speller-corpus.ts"
import { spellerText } from "../../src/text/speller-text.ts"
import { makeTokenizer, type TextTokenizer } from "../../src/text/tokenizer.ts"

const tokenizerFile = new URL("../../models/tiny-speller/tokenizer.json", import.meta.url)

describe("the speller corpus", () => {
  let corpus: SpellerCorpus
  let tokenizer: TextTokenizer
  const files = () =>
    (builtinFiles("text", "speller-text") ?? []).map(({ name, path }) => ({
      name,
      text: fs.readFileSync(path, "utf8")
    }))

  beforeAll(() => {
    corpus = spellerCorpus(files())
    tokenizer = makeTokenizer(fs.readFileSync(tokenizerFile, "utf8"))
  })

  it("does not depend on the order in which files come", () => {
    const reversed = spellerCorpus(files().toReversed())
    expect(reversed.train.map(({ name }) => name)).toEqual(corpus.train.map(({ name }) => name))
    expect(reversed.words).toEqual(corpus.words)
  })

  it("holds out about 7 % of every source, by document", () => {
    for (const source of ["sotu", "moby-dick", "brown"]) {
      const size = (documents: SpellerCorpus["train"]): number =>
        documents.filter(({ name }) => name.startsWith(`${source}/`)).reduce((sum, { text }) => sum + text.length, 0)
      const share = size(corpus.heldOut) / (size(corpus.heldOut) + size(corpus.train))
      expect(share).toBeGreaterThan(0.065)
      expect(share).toBeLessThan(0.09)
    }
    const trained = new Set(corpus.train.map(({ name }) => name))
    expect(corpus.heldOut.filter(({ name }) => trained.has(name))).toEqual([])
  })

  it("has words that are single tokens of the embedded model, most of them drilled", () => {
    const single = corpus.words.filter((word) => tokenizer.encode(` ${word}`).length === 1)
    expect(single.length).toBe(corpus.words.length)
    const drilled = single.filter((word) => corpus.roles.get(word) === "drilled")
    expect(drilled.length).toBeGreaterThan(2000)
    expect(new Set(drilled.map((word) => word.charAt(0))).size).toBe(26)
    for (const word of ["has", "the", "first", "letter"]) expect(corpus.words).not.toContain(word)
  })

  it("gives text to capture of which 30 % are lists of drilled words, in every prefix", () => {
    let listed = 0
    let all = 0
    let documents = 0
    for (const { name, ids } of spellerText(corpus, tokenizer, 127)) {
      all += ids.length
      documents++
      if (name.startsWith("lists/")) {
        listed += ids.length
        expect(ids.length).toBe(127)
        const lines = tokenizer.decode(ids).split("\n")
        const [, word = "", letter] = /^ (\w+) has the first letter: ([A-Z])$/.exec(lines[0] ?? "") ?? []
        expect(word.charAt(0).toUpperCase()).toBe(letter)
        expect(corpus.roles.get(word)).toBe("drilled")
      }
      if (all > 20_000) expect(Math.abs(listed / all - 0.3)).toBeLessThan(0.07)
      if (all > 150_000) break
    }
    expect(documents).toBeGreaterThan(100)
  })
})

describe("a file of the Brown corpus", () => {
  it("becomes running text", () => {
    const tagged =
      "\n\n\tThe/at jury/nn said/vbd ``/`` no/at evidence/nn ''/'' ,/, (/( and/or/cc left/vbd )/) ./.\n\n\n\tDone/vbn ?/.\n"
    expect(brownText(tagged)).toBe('The jury said "no evidence", (and/or left).\nDone?')
  })
})

describe("the held-out split", () => {
  it("is drawn per source, so that more documents of one source do not change another's", () => {
    const of = (source: string, n: number) =>
      Array.from({ length: n }, (_, i) => ({ name: `${source}/${i}`, text: "x".repeat(100) }))
    const held = (documents: ReturnType<typeof of>): ReadonlyArray<string> =>
      heldOutSplit(documents, 0.2, 3)
        .heldOut.map(({ name }) => name)
        .filter((name) => name.startsWith("a/"))
    expect(held([...of("a", 10), ...of("b", 5)])).toEqual(held([...of("a", 10), ...of("b", 50)]))
    expect(held(of("a", 10)).length).toBe(2)
  })
})
