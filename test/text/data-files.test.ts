/** Data as people have them: formats, types of columns, what lies beside the data. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from "node:zlib"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { openFileIndex } from "../../src/file/file-index.ts"
import { resolveSource } from "../../src/source/resolve-source.ts"
import { jsonEntries } from "../../src/text/documents/json-entries.ts"
import { temporaryDirectory } from "../artifact/folder-artifact.ts"
import { loadSource, refusal } from "./load-source.ts"
import { tokenizer, tokenizerInput } from "./speller-tokenizer.ts"

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(join(import.meta.dirname, "fixtures", name)))
const inputs = { tokenizer: tokenizerInput }
const params = { tokens: 1_000_000, context_size: 2, bos: false, separator: "none" }

type Files = Readonly<Record<string, string | Uint8Array>>

/** Texts of the documents. */
const textsOf = (files: Files, more: object = {}) =>
  Effect.map(loadSource({ files, params: { ...params, ...more }, inputs }), ({ documents, idsOf }) =>
    documents.map((_, d) => tokenizer.decode(idsOf(d)))
  )
/** What fills no context at the end is lost: of one document at most, and less than a context. */
const begins = (found: ReadonlyArray<string>, wanted: ReadonlyArray<string>): void => {
  expect(found.length).toBe(wanted.length)
  const cut = wanted.filter((text, i) => text !== found[i])
  expect(cut.length).toBeLessThan(2)
  for (const [i, text] of wanted.entries()) expect(text.startsWith(found[i] as string), text).toBe(true)
}
const refused = (files: Files, more: object = {}) => refusal({ files, params: { ...params, ...more }, inputs })
const idsIn = (files: Files, more: object) =>
  Effect.map(loadSource({ files, params: { ...params, vocab_size: 50, context_size: 2, ...more } }), (loaded) =>
    loaded.documents.map((_, d) => loaded.idsOf(d))
  )

const three = ['a "quoted" [bracket', "back\\slash } and, comma", "three\nlines"]
const objects = three.map((text, i) => ({ id: i, text }))
const lines = `${objects.map((each) => JSON.stringify(each)).join("\n")}\n`

describe("load-text reads", () => {
  it.effect("JSON, as lines or as one array, plain or compressed", () =>
    Effect.gen(function* () {
      const files: Files = {
        "c4-train.00000-of-00001.json.gz": gzipSync(lines),
        "lines.json": lines,
        "array.json": JSON.stringify(objects),
        "indented.json": ` \n${JSON.stringify(objects, null, 2)}\n`,
        "array.json.gz": gzipSync(JSON.stringify(objects)),
        "array.json.zst": zstdCompressSync(JSON.stringify(objects))
      }
      for (const [name, content] of Object.entries(files)) begins(yield* textsOf({ [name]: content }), three)
      expect(yield* refused({ "a.json": '[{"text":"x"}, 5]' })).toContain("a.json:2: the entry is no object")
      expect(yield* refused({ "a.json": '[{"text":"x"}, {"tex":5}]' })).toContain("a.json:2: the entry has no field")
      expect(yield* refused({ "a.json": '[{"text":"x"}' })).toContain("the array does not end")
      expect(yield* refused({ "a.json": '[{"text":"x"}] 5' })).toContain("something stands behind the array")
      expect(yield* refused({ "a.json": JSON.stringify({ data: objects }, null, 1) })).toContain("is not JSON")
      expect(yield* refused({ "a.jsonl": '{"text":"half \\ud83d"}' })).toContain("a.jsonl:1: its text holds half of")
    })
  )

  it.effect("shards of C4 in a folder, whatever describes them", () =>
    Effect.gen(function* () {
      const files = {
        "en/c4-train.00000-of-00002.json.gz": gzipSync(lines),
        "en/c4-train.00001-of-00002.json.gz": gzipSync(lines),
        "en/dataset_info.json": "{}",
        "README.md": "about"
      }
      begins(yield* textsOf(files), [...three, ...three])
    })
  )

  it("entries of a JSON array as JSON.parse has them, wherever the text is cut into pieces", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json(), { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), async (values, size) => {
        const text = `[${values.join(" ,\n")} ]`
        const pieces = async function* () {
          for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size)
        }
        const entries: Array<unknown> = []
        for await (const entry of jsonEntries(pieces(), "a.json")) entries.push(JSON.parse(entry))
        expect(entries).toEqual(values.map((value) => JSON.parse(value) as unknown))
      })
    )
  })

  it.effect("columns of every type that holds text or ids, of Arrow and of Parquet", () =>
    Effect.gen(function* () {
      const words = ["the cat", "sat on", "the mat", "again"]
      const lists = [[1, 2, 3], [4], [5, 6], [7, 8, 9]]
      for (const name of ["odd.arrow", "odd.parquet"]) {
        const files = { [name]: fixture(name) }
        const views = name === "odd.arrow" ? ["string_view", "binary_view"] : []
        for (const text_field of ["binary", "large_binary", "dictionary", "meta.text", ...views]) {
          begins(yield* textsOf(files, { text_field }), words)
        }
        for (const text_field of ["large_list", "uint64", "uint8", "int16", "meta.inner.ids"]) {
          const ids = (yield* idsIn(files, { text_field })).flat()
          expect(ids, `${name} ${text_field}`).toEqual(lists.flat().slice(0, ids.length))
          expect(ids.length).toBe(8)
        }
        expect((yield* idsIn(files, { text_field: "fixed_list" })).flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
        expect((yield* idsIn(files, { text_field: "null_list" })).flat()).toEqual([1, 2, 5, 6])
        const symbols = yield* loadSource({
          files,
          params: { ...params, text_field: "symbols", vocabulary: ["a", "b"] }
        })
        expect([...symbols.block.ids]).toEqual([0, 1, 1, 0, 1, 0])
      }
    })
  )

  it.effect("LZ4 blocks that refer back to the block before, and the widest windows of zstd", () =>
    Effect.gen(function* () {
      const text = "the cat sat on the mat. ".repeat(3_000)
      begins(yield* textsOf({ "blocks.feather": fixture("blocks.feather") }), [`${text}0`, `${text}1`])
      const compressed = yield* Effect.promise(() =>
        buffer(Readable.from([lines]).pipe(createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 28 } })))
      )
      begins(yield* textsOf({ "long.jsonl.zst": compressed }), three)
    })
  )

  it.effect("conversations through a chat template, without the BOS that contexts have anyway", () =>
    Effect.gen(function* () {
      const template = "{% for m in messages %}<{{ m.role }}> {{ m['content'] | trim }}{{ '\\n' }}{% endfor %}"
      const wanted = ["the cat", "sat on", "the mat", "again"].map(
        (words) => `<user> ${words}\n<assistant> ${words.toUpperCase()}\n`
      )
      const talk = [{ role: "user", content: " hello " }]
      const files: Files = { "a.jsonl": JSON.stringify({ messages: talk }) }
      begins(yield* textsOf(files, { chat_template: template }), ["<user> hello\n"])
      for (const name of ["odd.arrow", "odd.parquet"]) {
        const more = { chat_template: template, text_field: "messages" }
        begins(yield* textsOf({ [name]: fixture(name) }, more), wanted)
      }
      expect(yield* refused(files)).toContain("a.jsonl:1: it holds messages, and no chat template")
      expect(yield* refused(files, { chat_template: "{% if %}" })).toContain("the chat template cannot be read")
      expect(yield* refused(files, { chat_template: "{{ raise_exception('no system') }}" })).toContain(
        "a.jsonl:1: the chat template refuses it: no system"
      )
      const parts: Files = {
        "a.jsonl": JSON.stringify({ messages: [{ role: "user", content: [{ type: "text", text: "hello" }] }] })
      }
      const joining = { chat_template: "{{ 'user: ' + messages[0]['content'] }}" }
      expect(yield* refused(parts, joining)).toContain("refuses it: '+' between str and list")
      const printing = { chat_template: "{{ messages[0]['content'] }}" }
      expect(yield* refused(parts, printing)).toContain("a.jsonl:1: its content is a list of parts")
      expect(yield* refused(files, { chat_template: "{{ strftime_now('%Y') }}" })).toContain("refuses it")
    })
  )
})

describe("load-text refuses by name", () => {
  it.effect("values that are no text and no ids, with their row", () =>
    Effect.gen(function* () {
      for (const name of ["odd.arrow", "odd.parquet"]) {
        const files = { [name]: fixture(name) }
        const message = (text_field: string) => refused(files, { text_field })
        expect(yield* message("null_inside")).toContain(`${name}:2: entry 1 of the list is null`)
        expect(yield* message("not_utf8")).toMatch(/UTF-8/)
        expect(yield* message("floats")).toMatch(/which is no text and no token ids/)
        expect(yield* message("times")).toMatch(/which is no text and no token ids/)
        expect(yield* message("numbers")).toContain(`${name}:1: the field holds a number`)
        expect(yield* message("meta")).toContain(`${name}:1: the field holds a structure`)
        expect(yield* message("meta.txt")).toContain('did you mean "text"?')
      }
    })
  )

  it.effect("files of which nothing is known, and says how they can be read", () =>
    Effect.gen(function* () {
      const problems: Readonly<Record<string, string>> = {
        "a.csv": "comma-separated values are not read\n  Convert it",
        "a.csv.gz": "comma-separated values are not read",
        "a.jsonl.xz": "xz is not read\n  Decompress it first (xz -d)",
        "a.jsonl.bz2": "bzip2 is not read",
        "a.tar.gz": "archives are not read",
        "a.parquet.gz": "compressed as a whole",
        "tokens.npy": "holds numbers",
        "a.warc.gz": "nothing is known of how a file ending in .gz is read",
        "page.html":
          "nothing is known of how a file ending in .html is read\n  Set files to a pattern, such as '**/*.html'"
      }
      for (const [name, problem] of Object.entries(problems)) {
        const content = name === "old.feather" ? "FEA1...." : "a,b\n"
        expect(yield* refused({ [name]: content }), name).toContain(problem)
        expect(yield* refused({ [name]: content, "README.md": "about" }), name).toContain(problem)
      }
      begins(yield* textsOf({ "page.html": "<p>hello there" }, { files: "*.html" }), ["<p>hello there"])
      begins(yield* textsOf({ "book.md": "hello there" }), ["hello there"])
      expect(yield* refused({ "a.csv": "a,b\n" }, { files: "*.csv" })).toContain("comma-separated")
    })
  )
})

describe("a folder", () => {
  /** Texts of the documents below a folder that `make` fills. */
  const linked = (make: (directory: string) => void, more: object = {}) =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      make(directory)
      const index = yield* Effect.promise(() => openFileIndex(join(directory, ".index"), "1"))
      const source = yield* resolveSource("file:data", "text", directory, index)
      return source.files.map(({ name }) => name)
    }).pipe(Effect.map((names) => ({ ...more, names })))

  it.effect("of links, as a snapshot of the hub is, holds what they lead to; a link in a circle ends", () =>
    Effect.gen(function* () {
      const { names } = yield* linked((directory) => {
        mkdirSync(join(directory, "blobs"))
        mkdirSync(join(directory, "data/train"), { recursive: true })
        writeFileSync(join(directory, "blobs/1"), lines)
        symlinkSync("../../blobs/1", join(directory, "data/train/a.jsonl"))
        symlinkSync("../blobs", join(directory, "data/more"))
        symlinkSync("..", join(directory, "data/train/up"))
      })
      expect(names).toEqual(["more/1", "train/a.jsonl"])
      const broken = yield* Effect.flip(
        linked((directory) => {
          mkdirSync(join(directory, "data"))
          symlinkSync("nowhere", join(directory, "data/a.jsonl"))
        })
      )
      expect(broken.message).toContain("a.jsonl is a link to what is not there")
    })
  )

  const state = (...names: ReadonlyArray<string>): string =>
    JSON.stringify({ _data_files: names.map((filename) => ({ filename })), _split: "train" })
  const arrow = fixture("stream.arrow")
  const rows = (files: Files, more: object = {}) =>
    Effect.map(loadSource({ files, params: { ...params, ...more }, inputs }), ({ documents }) => [
      ...new Set(documents.map((name) => name?.replace(/:\d+$/, "")))
    ])

  it.effect("that datasets saved holds the files that its state lists, and no caches", () =>
    Effect.gen(function* () {
      const files: Files = {
        "cache-1f2e.arrow": arrow,
        "data-00000-of-00001.arrow": arrow,
        "dataset_info.json": "{}",
        "state.json": state("data-00000-of-00001.arrow")
      }
      expect(yield* rows(files)).toEqual(["data-00000-of-00001.arrow"])
      const cache = { "cache-1f2e.arrow": arrow, "corpus-train.arrow": arrow, "dataset_info.json": "{}" }
      expect(yield* rows(cache)).toEqual(["corpus-train.arrow"])
      expect(yield* rows({ "cache-1f2e.arrow": arrow, "dataset_info.json": "{}" })).toEqual(["cache-1f2e.arrow"])
      expect(yield* refused({ ...files, "state.json": state("gone.arrow") })).toContain(
        "lists gone.arrow, which is not"
      )
      const selected = JSON.stringify({ _data_files: [], _indices_data_files: [{ filename: "i.arrow" }] })
      expect(yield* refused({ ...files, "state.json": selected })).toContain("flatten_indices")
    })
  )

  it.effect("of several splits, as its dataset_dict.json names them, asks for one", () =>
    Effect.gen(function* () {
      const files: Files = {
        "dataset_dict.json": JSON.stringify({ splits: ["easy", "hard"] }),
        "easy/data.arrow": arrow,
        "easy/state.json": state("data.arrow"),
        "hard/data.arrow": arrow,
        "hard/cache-0.arrow": arrow,
        "hard/state.json": state("data.arrow")
      }
      expect(yield* refused(files)).toContain("several splits: easy, hard")
      expect(yield* rows(files, { split: "hard" })).toEqual(["hard/data.arrow"])
      expect(yield* rows(files, { split: "all" })).toEqual(["easy/data.arrow", "hard/data.arrow"])
    })
  )
})
