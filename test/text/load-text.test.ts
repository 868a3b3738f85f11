import { createHash } from "node:crypto"
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { constants, gzipSync, zstdCompressSync } from "node:zlib"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { LanguageModel } from "../../src/kinds/language-model/language-model.ts"
import { makeTokenizer } from "../../src/text/tokenizer.ts"
import { folderArtifact, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { opened } from "../stage/run-stage.ts"
import { type Loading, loadSource, refusal } from "./load-source.ts"
import { json, tokenizer, tokenizerInput } from "./speller-tokenizer.ts"

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(join(import.meta.dirname, "fixtures", name)))

const inputs = { tokenizer: tokenizerInput }
const digest = createHash("sha256").update(json).digest("hex")

/** What test/text/fixtures/make.py put into its files. */
const texts = Array.from({ length: 25 }, (_, i) => `document ${i}: ${"the cat sat on the mat. ".repeat(i % 7)}é☃`)
const idLists = Array.from({ length: 25 }, (_, i) => Array.from({ length: 3 + (i % 5) }, (_, j) => (7 * i + j) % 50))
const moveLists = Array.from({ length: 25 }, (_, i) => Array.from({ length: 6 }, (_, j) => `m${(i * 3 + j) % 9}`))
const encoded = texts.map((text) => [...tokenizer.encode(text)])
const vocabulary = Array.from({ length: 9 }, (_, i) => `m${i}`)
const jsonLines = `${texts.map((text, i) => JSON.stringify({ id: i, text, input_ids: idLists[i], moves: moveLists[i] })).join("\n")}\n`

/** So small contexts that every token of every document is in one but those of the last. */
const params = { tokens: 1_000_000, context_size: 2 }

const columnar = [
  "snappy.parquet",
  "zstd.parquet",
  "gzip.parquet",
  "file.arrow",
  "stream.arrow",
  "zstd.arrow",
  "lz4.arrow"
]

describe("load-text reads the same documents from", () => {
  const formats: Readonly<Record<string, Uint8Array | string>> = {
    ...Object.fromEntries(columnar.map((name) => [name, fixture(name)])),
    "lines.jsonl": jsonLines,
    "windows.jsonl": `\uFEFF${jsonLines.replaceAll("\n", "\r\n\r\n")}`,
    "lines.jsonl.gz": gzipSync(jsonLines),
    "members.jsonl.gz": Buffer.concat([gzipSync(jsonLines.slice(0, 700)), gzipSync(jsonLines.slice(700))]),
    "lines.jsonl.zst": zstdCompressSync(jsonLines),
    "frames.jsonl.zst": Buffer.concat([
      zstdCompressSync(jsonLines.slice(0, 700)),
      // A skippable frame of three bytes.
      Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]),
      zstdCompressSync(jsonLines.slice(700), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
    ])
  }
  for (const [name, content] of Object.entries(formats)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const loaded = yield* loadSource({ files: { [name]: content }, params, inputs })
        expect(loaded.documents.length).toBe(25)
        for (const [d, ids] of encoded.entries()) {
          expect(loaded.idsOf(d)).toEqual(d === 24 ? ids.slice(0, loaded.idsOf(d).length) : ids)
          const row = name.startsWith("windows") ? 2 * d + 1 : d + 1
          expect(loaded.documents[d]).toBe(`${name}:${row}`)
        }
        const lost = encoded.flat().length - loaded.metrics["tokens"]!
        expect(lost === 0 || lost === 1).toBe(true)
        expect(loaded.tokens).toMatchObject({ tokenizer: digest, bos_id: null, source: `file:${name}` })

        const pretokenized = yield* loadSource({
          files: { [name]: content },
          params: { ...params, text_field: "input_ids", vocab_size: 50 }
        })
        expect(pretokenized.tokens).toMatchObject({ tokenizer: null, vocab_size: 50 })
        for (let d = 0; d < 24; d++) expect(pretokenized.idsOf(d)).toEqual(idLists[d])

        const game = yield* loadSource({
          files: { [name]: content },
          params: { ...params, text_field: "moves", context_size: 6, vocabulary, packing: "one_per_document" }
        })
        expect(game.tokens).toMatchObject({ contexts: 25, vocab_size: 9 })
        for (let d = 0; d < 25; d++) expect(game.idsOf(d).map((id) => vocabulary[id])).toEqual(moveLists[d])
        const own = makeTokenizer(yield* game.artifact.readText("tokenizer.json"))
        expect([...own.encode("m3 m0")]).toEqual([3, 0])
        expect(game.tokens.tokenizer).toBe(game.artifact.files.find(({ path }) => path === "tokenizer.json")?.sha256)
        expect(() => own.encode("m3 m9")).toThrow('no id for "m9"')
      })
    )
  }

  it.effect("builtin:texts that match a pattern, without the Brown corpus's tags", () =>
    Effect.gen(function* () {
      const params = { files: "brown/ca0?", tokens: 4000, context_size: 64 }
      const { documents, block } = yield* loadSource({ uri: "builtin:texts", files: {}, params, inputs })
      expect(documents.slice(0, 2)).toEqual(["brown/ca01", "brown/ca02"])
      expect(tokenizer.decode(block.ids.subarray(0, 64))).toContain("The Fulton County Grand Jury said Friday")
    })
  )

  it.effect("a folder of plain texts, compressed or not, one document each", () =>
    Effect.gen(function* () {
      const files = {
        "a.txt": "one two\r\nthree",
        "b/c.txt.gz": gzipSync("four five"),
        "b/d.txt": " \n ",
        "e.txt.zst": zstdCompressSync("\uFEFFsix"),
        "README.md": "not part of it"
      }
      const loaded = yield* loadSource({ files, params, inputs })
      expect(loaded.documents).toEqual(["a.txt", "b/c.txt.gz", "e.txt.zst"])
      expect(tokenizer.decode(loaded.idsOf(0))).toBe("one two\nthree")
    })
  )

  it.effect("rows without text as no documents", () =>
    Effect.gen(function* () {
      for (const name of columnar) {
        const at = { ...params, text_field: "nulled" }
        const loaded = yield* loadSource({ files: { [name]: fixture(name) }, params: at, inputs })
        expect(loaded.documents.length).toBe(22)
        expect(loaded.documents).not.toContain(`${name}:5`)
      }
    })
  )

  it.effect("text of symbols between white space, and numbers that name symbols", () =>
    Effect.gen(function* () {
      const files = { "games.jsonl": '{"text":"e4 e5\\n Nf3"}\n{"text":[10, 20, 10]}\n' }
      const loaded = yield* loadSource({
        files,
        params: { ...params, vocabulary: ["<s>", "e4", "e5", "Nf3", "10", "20"], bos_token: "<s>", context_size: 4 }
      })
      expect([...loaded.block.ids]).toEqual([0, 1, 2, 3, 0, 4, 5, 4])
      expect(loaded.tokens.bos_id).toBe(0)
    })
  )
})

describe("load-text takes", () => {
  it.effect("the files of a split or a configuration, or that match a pattern", () =>
    Effect.gen(function* () {
      const line = (text: string): string => JSON.stringify({ text })
      const files = {
        "README.md": "about",
        "dataset_infos.json": "{}",
        "en/train-00000-of-00001.jsonl": line("english train"),
        "en/test-00000-of-00001.jsonl": line("english test"),
        "de/training.jsonl": line("german train"),
        "de/dev.jsonl": line("german dev")
      }
      const names = (more: object) =>
        Effect.map(loadSource({ files, params: { ...params, ...more }, inputs }), ({ documents }) => documents)
      expect(yield* names({ split: "train" })).toEqual(["de/training.jsonl:1", "en/train-00000-of-00001.jsonl:1"])
      expect(yield* names({ split: "validation" })).toEqual(["de/dev.jsonl:1"])
      expect(yield* names({ split: "test", config: "en" })).toEqual(["en/test-00000-of-00001.jsonl:1"])
      expect(yield* names({ files: "**/t*n*.jsonl" })).toEqual([
        "de/training.jsonl:1",
        "en/train-00000-of-00001.jsonl:1"
      ])
      expect((yield* names({ split: "all" })).length).toBe(4)
      const refused = (more: object) => refusal({ files, params: { ...params, ...more }, inputs })
      expect(yield* refused({})).toContain("several splits: train, validation, test")
      expect(yield* refused({ split: "trian" })).toContain("Set split to one of train, validation, test")
      expect(yield* refused({ config: "fr" })).toContain("Set config to one of de, en")
      expect(yield* refused({ files: "*.parquet" })).toContain("there are README.md")
    })
  )

  it.effect("no more than it is asked for", () =>
    Effect.gen(function* () {
      const files = { "a.jsonl": jsonLines, "b.jsonl": "not JSON" }
      const loaded = yield* loadSource({ files, params: { tokens: 30, context_size: 10 }, inputs })
      expect(loaded.metrics).toMatchObject({ tokens: 30, contexts: 3, missing_tokens: 0 })
      expect(yield* refusal({ files, params, inputs })).toContain("b.jsonl:1: the line is not JSON")
    })
  )
})

describe("load-text refuses", () => {
  const refused = (
    files: Readonly<Record<string, string | Uint8Array>>,
    more: object = {},
    given: Loading["inputs"] = inputs
  ) => refusal({ files, params: { ...params, ...more }, inputs: { ...given } })

  it.effect("a line or a file without the field, and says where and what there is", () =>
    Effect.gen(function* () {
      const lines = { "a.jsonl": '{"text":"x"}\n\n{"txt":1}' }
      expect(yield* refused(lines)).toContain("a.jsonl:3: the line has no field text")
      expect(yield* refused({ "a.jsonl": '{"text":"x"}\n{"texts":1}' }, { text_field: "text" })).toContain(
        'did you mean "texts"'
      )
      expect(yield* refused({ "a.jsonl": "[1]" })).toContain("a.jsonl:1: the line is no object")
      expect(yield* refused({ "a.jsonl": '{"text":{}}' })).toContain("a.jsonl:1: the field holds a structure")
      expect(yield* refused({ "a.jsonl": '{"text":[1,0.5]}' })).toContain(
        "a.jsonl:1: entry 1 of the list is no integer"
      )
      for (const name of columnar) {
        const message = yield* refused({ [name]: fixture(name) }, { text_field: "move" })
        expect(message).toContain(`${name}: there is no column move; did you mean "moves"?`)
      }
    })
  )

  it.effect("a file that was cut off, at any place", () =>
    Effect.gen(function* () {
      const whole: Readonly<Record<string, Uint8Array>> = {
        ...Object.fromEntries(columnar.map((name) => [name, fixture(name)])),
        "lines.jsonl.gz": gzipSync(jsonLines),
        "lines.jsonl.zst": zstdCompressSync(jsonLines)
      }
      for (const [name, bytes] of Object.entries(whole)) {
        for (const share of [0.1, 0.3, 0.5, 0.7, 0.9, 0.999]) {
          const cut = { [name]: bytes.subarray(0, Math.floor(share * bytes.length)) }
          const message = yield* refused(cut, { text_field: "input_ids", vocab_size: 50 }, {})
          expect(message, `${name} ${share}`).toContain("Give the whole file")
        }
      }
    })
  )

  it.effect("a stream of Arrow batches that was cut between two of them", () =>
    Effect.gen(function* () {
      const bytes = fixture("stream.arrow")
      expect(yield* refused({ "stream.arrow": bytes.subarray(0, bytes.length - 8) })).toContain(
        "ends without an end-of-stream mark"
      )
    })
  )

  it.effect("ids outside the vocabulary, and symbols that are not in it", () =>
    Effect.gen(function* () {
      const files = { "a.jsonl": '{"tokens":[1,2]}\n{"tokens":[3,50]}' }
      expect(yield* refused(files, { vocab_size: 50 }, {})).toContain("a.jsonl:2: id 50 (at 1 of its list) is outside")
      expect(yield* refused({ "a.jsonl": '{"tokens":[-1]}' }, { vocab_size: 50 }, {})).toContain("id -1")
      const moves = { "a.jsonl": '{"text":["e4","e9"]}' }
      expect(yield* refused(moves, { vocabulary: ["e4", "e5"] }, {})).toContain('a.jsonl:1: there is no symbol "e9"')
      expect(yield* refused(moves, { vocabulary: ["e4", "e4"] }, {})).toContain("symbol e4 stands in it twice")
      expect(yield* refused(moves)).toContain("in the tokenizer's vocabulary")
    })
  )

  it.effect("text without a tokenizer, and two that say what ids mean", () =>
    Effect.gen(function* () {
      const files = { "a.txt": "text" }
      expect(yield* refused(files, {}, {})).toContain("nothing says what the token ids mean")
      expect(yield* refused(files, { vocab_size: 7 }, {})).toContain("a.txt: it holds text")
      expect(yield* refused(files, { vocabulary: ["text"] })).toContain("tokenizer and vocabulary both say")
      expect(yield* refused(files, { bos_token: "<nope>" })).toContain("bos_token is <nope>")
    })
  )

  it.effect("a BOS token, or a separator, that the model has no embedding for", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const config = { model_type: "llama", vocab_size: 50, bos_token_id: 50, eos_token_id: 51 }
      writeFileSync(join(directory, "config.json"), JSON.stringify(config))
      writeFileSync(join(directory, "tokenizer.json"), json)
      writeFileSync(join(directory, "model.safetensors"), "")
      const model = yield* opened(LanguageModel, folderArtifact(directory, "LanguageModel"))
      const files = { "a.jsonl": '{"tokens":[1,2]}' }
      expect(yield* refused(files, {}, { model })).toContain("bos is the token 50, and the model knows ids below 50")
      const separated = { bos: false, separator: "eos" }
      expect(yield* refused(files, separated, { model })).toContain("separator is the token 51")
    })
  )

  it.effect("ids that stand beside another tokenizer", () =>
    Effect.gen(function* () {
      const files = { "data.jsonl": '{"input_ids":[1,2,3,4]}', "tokenizer.json": "{}" }
      expect(yield* refused(files)).toContain("tokenizer.json is another tokenizer than the model's")
    })
  )

  it.effect("an empty corpus, and one that fills no context", () =>
    Effect.gen(function* () {
      expect(yield* refused({ "a.txt": "" })).toContain("it holds no text")
      expect(yield* refused({ "a.jsonl": "\n\n" })).toContain("it holds no text")
      expect(yield* refused({ "a.txt": "few" }, { context_size: 99 })).toContain(
        "its document does not fill one context of 99 tokens"
      )
      const fewer = yield* loadSource({ files: { "a.txt": "not so few words as that" }, params, inputs })
      expect(fewer.metrics["missing_tokens"]).toBe(1_000_000 - fewer.metrics["tokens"]!)
      expect(fewer.log).toContain(`the source has only ${fewer.metrics["tokens"]} tokens`)
    })
  )

  it.effect("bytes that are no UTF-8", () =>
    Effect.gen(function* () {
      expect(yield* refused({ "a.txt": Uint8Array.of(65, 0xff, 66) })).toContain("a.txt: is not UTF-8 text")
    })
  )

  it.effect("formats side by side", () =>
    Effect.gen(function* () {
      const files = { "a.parquet": fixture("gzip.parquet"), "b.jsonl": jsonLines }
      expect(yield* refused(files)).toContain("several formats: parquet, json lines")
    })
  )

  it.effect("a file that changed after its digest entered the key", () =>
    Effect.gen(function* () {
      const meanwhile = (directory: string): void => appendFileSync(join(directory, "a.jsonl"), '{"text":"more"}\n')
      const message = yield* refusal({ files: { "a.jsonl": jsonLines }, params, inputs, meanwhile })
      expect(message).toContain("has changed since this run was planned")
    })
  )
})
