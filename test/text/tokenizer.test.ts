import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { safeCuts } from "../../src/text/safe-cuts.ts"
import { makeTokenizer } from "../../src/text/tokenizer.ts"
import { makePipeline } from "../../src/text/tokenizer/pipeline.ts"
import { TokenizerProblem } from "../../src/text/tokenizer/tokenizer-problem.ts"

interface TokenizerJson {
  readonly model: Readonly<Record<string, unknown>> & {
    readonly vocab: Readonly<Record<string, number>>
    readonly merges: ReadonlyArray<string>
  }
  readonly [key: string]: unknown
}

const byteLevel = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../models/tiny-speller/tokenizer.json"), "utf8")
) as TokenizerJson

/** The id of an added token that vocab does not hold. */
const next = Object.keys(byteLevel.model.vocab).length
const spelled = (text: string): string => text.replaceAll("Ġ", "▁").replaceAll("Ċ", "\n")
const added = (id: number, content: string, more: object = {}) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
  ...more
})
const split = (regex: string) => ({ type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false })
const spelledBytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false }
const replace = { type: "Replace", pattern: { String: " " }, content: "▁" }
const llama3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

const gpt4 =
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"
const o200k =
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
const deepSeek = [
  "\\p{N}{1,3}",
  "[一-龥぀-ゟ゠-ヿ]+",
  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
].map(split)

/** The vocabulary as SentencePiece has it: no pre-tokenizer, `▁` for a space, bytes for what it does not know. */
const pieces: TokenizerJson = {
  ...byteLevel,
  normalizer: replace,
  pre_tokenizer: null,
  decoder: { type: "Fuse" },
  added_tokens: [added(0, "<|endoftext|>"), added(next, "<start>", { lstrip: true, rstrip: true })],
  model: {
    ...byteLevel.model,
    vocab: Object.fromEntries(Object.entries(byteLevel.model.vocab).map(([token, id]) => [spelled(token), id])),
    merges: byteLevel.model.merges.map(spelled),
    unk_token: "<|endoftext|>"
  }
}

const cuttable: Readonly<Record<string, TokenizerJson>> = {
  "GPT-2": { ...byteLevel, added_tokens: [added(0, "<|endoftext|>"), added(next, "<start>", { lstrip: true })] },
  "single digits": {
    ...byteLevel,
    pre_tokenizer: { type: "Sequence", pretokenizers: [split("\\p{N}"), byteLevel["pre_tokenizer"]] }
  },
  "Llama 3": { ...byteLevel, pre_tokenizer: { type: "Sequence", pretokenizers: [split(llama3), spelledBytes] } },
  "Qwen 2": {
    ...byteLevel,
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [split(llama3.replace("{1,3}", "")), spelledBytes]
    }
  },
  "GPT-4": { ...byteLevel, pre_tokenizer: { type: "Sequence", pretokenizers: [split(gpt4), spelledBytes] } },
  "GPT-OSS": { ...byteLevel, pre_tokenizer: { type: "Sequence", pretokenizers: [split(o200k), spelledBytes] } },
  "DeepSeek-V3": { ...byteLevel, pre_tokenizer: { type: "Sequence", pretokenizers: [...deepSeek, spelledBytes] } },
  "a prefixed space": { ...byteLevel, pre_tokenizer: { ...spelledBytes, use_regex: true, add_prefix_space: true } },
  Gemma: pieces,
  "Llama 2": {
    ...pieces,
    normalizer: { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, replace] }
  },
  Metaspace: {
    ...pieces,
    normalizer: null,
    pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false }
  }
}

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom("the", "of", "cat", "it's", "I'll", "x", "7", "1984", "12345", "é", "e\u0301", "字", "한", "№"),
      fc.constantFrom(" ", "  ", "\n", " \n", "\n\n  ", "\t", "\u00A0", ".", "...\n", ",", "▁", "'", "-", "☃", "👩‍🚀"),
      fc.constantFrom("<|endoftext|>", "<start>", " <start> ", "a <start>"),
      fc.string({ unit: "binary", maxLength: 4 })
    ),
    { maxLength: 30 }
  )
  .map((parts) => parts.join("").toWellFormed())

describe("a tokenizer", () => {
  for (const [name, json] of Object.entries(cuttable)) {
    it(`like ${name} gives the tokens that it gives of the whole text, cut in pieces`, async () => {
      expect(safeCuts(json)).toBeDefined()
      const whole = makePipeline(json)
      const tokenizer = makeTokenizer(JSON.stringify(json))
      await fc.assert(
        fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (one, size) => {
          const expected: Array<number> = []
          whole.encode(one, expected)
          expect([...tokenizer.encode(one)]).toEqual(expected)
          const streamed: Array<number> = []
          const parts = Array.from({ length: Math.ceil(one.length / size) }, (_, i) =>
            one.slice(i * size, (i + 1) * size)
          )
          for await (const ids of tokenizer.encodePieces(parts)) streamed.push(...ids)
          expect(streamed).toEqual(expected)
        }),
        { numRuns: 250 }
      )
    })
  }

  it("that sees across words is not cut", () => {
    const refused: Readonly<Record<string, TokenizerJson>> = {
      "a token with a space inside": { ...byteLevel, added_tokens: [added(0, "<|end of text|>")] },
      "a token that strips what follows": { ...byteLevel, added_tokens: [added(0, "mask", { rstrip: true })] },
      "a piece with a space inside": {
        ...pieces,
        model: { ...pieces.model, vocab: { ...pieces.model.vocab, "of▁the": 5001 } }
      },
      "a space that is not in the vocabulary": { ...byteLevel, pre_tokenizer: null },
      "a prefix of what is not the beginning": {
        ...pieces,
        model: { ...pieces.model, continuing_subword_prefix: "##", merges: [] }
      },
      "another pattern": { ...byteLevel, pre_tokenizer: split("\\w+ \\w+|.") },
      "another normalizer": { ...byteLevel, normalizer: { type: "NFKC" } },
      "bytes without a pattern": { ...byteLevel, pre_tokenizer: spelledBytes },
      "another model": { ...byteLevel, model: { ...byteLevel.model, type: "Unigram" } }
    }
    for (const [name, json] of Object.entries(refused)) expect(safeCuts(json), name).toBeUndefined()
  })

  it("takes a time that grows with the text and not with its square, and yields as it goes", async () => {
    const tokenizer = makeTokenizer(JSON.stringify(pieces))
    const word = "the cat sat on the mat and that was that, "
    const parts = Array.from({ length: 40 }, () => word.repeat(1500))
    let ids = 0
    let pieceCount = 0
    for await (const piece of tokenizer.encodePieces(parts)) {
      ids += piece.length
      pieceCount++
    }
    const once = tokenizer.encode(word).length
    expect(ids).toBe(once + 59_999 * (tokenizer.encode(word + word).length - once))
    expect(pieceCount).toBeGreaterThan(20)
  })

  it("gives a token's text with its leading space, where decoding takes that away from the beginning of a text", () => {
    const decoder = { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false }
    const metaspace = makeTokenizer(JSON.stringify({ ...cuttable["Metaspace"], decoder }))
    const spaced = metaspace.id("▁the") as number
    expect([metaspace.decode([spaced]), metaspace.tokenText(spaced)]).toEqual(["the", " the"])
    expect(metaspace.tokenText(metaspace.id("he") as number)).toBe("he")
    const bytes = makeTokenizer(JSON.stringify(byteLevel))
    expect(bytes.tokenText(bytes.id("Ġthe") as number)).toBe(" the")
  })

  it("refuses a text of which it has no id", () => {
    const json = {
      ...byteLevel,
      added_tokens: [],
      pre_tokenizer: { type: "WhitespaceSplit" },
      model: { type: "WordLevel", vocab: { a: 0 }, unk_token: "<unk>" },
      decoder: null
    }
    expect(() => makeTokenizer(JSON.stringify(json)).encode("a b")).toThrow('no id for "b"')
  })

  it("is refused by name where a part or a field of it is not known, or would make it random", () => {
    const model = (more: object) => ({ model: { ...byteLevel.model, ...more } })
    const refused: ReadonlyArray<readonly [object, string]> = [
      [{ pre_tokenizer: { type: "RandomSplit" } }, "pre_tokenizer (RandomSplit): the pre-tokenizer RandomSplit"],
      [
        { pre_tokenizer: { type: "Sequence", pretokenizers: [{ ...split("a"), behavior: "Doubled" }] } },
        "pre_tokenizer.pretokenizers[0] (Split): behavior"
      ],
      [{ pre_tokenizer: split("(a)\\1") }, "pre_tokenizer (Split): its regular expression"],
      [{ pre_tokenizer: { ...spelledBytes, new_option: 1 } }, "pre_tokenizer (ByteLevel): new_option is not known"],
      [{ normalizer: { type: "Strip", strip_left: true } }, "normalizer (Strip): there is no strip_right"],
      [{ decoder: { type: "Other" } }, "decoder (Other)"],
      [{ post_processor: { type: "Other" } }, "post_processor (Other)"],
      [{ truncation: { max_length: 5 } }, "truncation: every text is cut off after 5 tokens"],
      [{ padding: { strategy: { Fixed: 9 } } }, "padding"],
      [{ added_tokens: [added(4, "<new>")] }, 'added_tokens[0]: "<new>" is to have the id 4'],
      [{ something: {} }, "something is not known"],
      [model({ dropout: 0.1 }), "model (BPE): dropout"],
      [model({ merges: ["a"] }), "merge 1"],
      [model({ merges: ["a zzzz"] }), 'needs the token "zzzz"'],
      [model({ type: "Lookup" }), "model (Lookup)"]
    ]
    for (const [change, message] of refused) {
      const json = JSON.stringify({ ...byteLevel, ...change })
      expect(() => makeTokenizer(json), message).toThrow(TokenizerProblem)
      expect(() => makeTokenizer(json), message).toThrow(message)
    }
    expect([...makeTokenizer(JSON.stringify({ ...byteLevel, ...model({ dropout: 0 }) })).encode("a")].length).toBe(1)
  })
})
