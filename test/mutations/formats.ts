/** The formats of outside files, each with small files and with what the program does to read all of one. */
import { readdirSync, readFileSync } from "node:fs"
import { basename, join, relative } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { openArrow } from "../../src/format/arrow/arrow-reader.ts"
import { openArrowWriter } from "../../src/format/arrow/arrow-writer.ts"
import { decodeNpy } from "../../src/format/npy.ts"
import { encodeSafetensors, openSafetensors } from "../../src/format/safetensors.ts"
import { isTensor, openTorchFile } from "../../src/format/torch/torch-file.ts"
import type { Pickled } from "../../src/format/torch/pickled-values.ts"
import { openZip } from "../../src/format/zip.ts"
import { readGgufModel } from "../../src/kinds/language-model/gguf/read-gguf-model.ts"
import { readAnySae } from "../../src/kinds/sae/formats.ts"
import { checkTokenizer } from "../../src/model/check-tokenizer.ts"
import { checkWeights, modelInfo } from "../../src/model/load-model.ts"
import { compile } from "../../src/plan/compile.ts"
import { documentFailure } from "../../src/text/documents/document-failure.ts"
import type { DocumentFile } from "../../src/text/documents/document-file.ts"
import { confinedFile } from "../../src/text/documents/confined-file.ts"
import type { LibraryFormat } from "../../src/text/documents/document-messages.ts"
import { jsonFile } from "../../src/text/documents/json-file.ts"
import { jsonLinesFile } from "../../src/text/documents/json-lines-file.ts"
import { filesFolder } from "../artifact/directory-folder.ts"
import { folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { innermostFolder } from "../golden/innermost-folder.ts"
import { encodeGguf, f32, f32s, i32s, strings, text, u32 } from "../kinds/language-model/gguf/encode-gguf.ts"
import { smallSaeNames, smallSaesRoot } from "../kinds/sae/formats/small-saes.ts"
import { pipeline as examplePipeline } from "../plan/example-files.ts"
import { catalog } from "../plan/fake-kinds.ts"

export interface OutsideFile {
  /** As the failure has to tell it. */
  readonly name: string
  /** Where one of several files of a folder may be the one that does not fit. */
  readonly names?: ReadonlyArray<string>
  readonly bytes: Uint8Array
  /** Reads all of a damaged copy. */
  readonly read: (bytes: Uint8Array) => Effect.Effect<unknown, unknown, Scope.Scope>
}

export interface OutsideFormat {
  readonly name: string
  readonly isText: boolean
  readonly files: ReadonlyArray<OutsideFile>
}

const root = join(import.meta.dirname, "..")
const load = (path: string): Uint8Array => new Uint8Array(readFileSync(path))
const below = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .toSorted()
const encode = (json: string): Uint8Array => new TextEncoder().encode(json)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The files of small SAEs that `wanted` chooses; the other files of the folder stay whole. */
const saeFiles = (wanted: RegExp, names = smallSaeNames): ReadonlyArray<OutsideFile> =>
  names.flatMap((sae) => {
    const directory = innermostFolder(join(smallSaesRoot, sae))
    const own = below(directory).filter((name) => !/^(expected\.safetensors|info\.json)$/.test(name))
    const whole = new Map(own.map((name) => [name, load(join(directory, name))]))
    return own
      .filter((name) => wanted.test(name))
      .map((name): OutsideFile => ({
        name: basename(name),
        names: own.map((each) => basename(each)),
        bytes: whole.get(name) as Uint8Array,
        read: (bytes) => readAnySae({ ...filesFolder(new Map(whole).set(name, bytes)), place: directory })
      }))
  })

const floats = (n: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: n }, (_, i) => i / n)

const readSafetensors = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const opened = yield* openSafetensors(bytesFile(bytes), "model.safetensors")
  for (const [name, { dtype }] of opened.entries) {
    yield* opened.bytes(name)
    if (/^B?F\d+$/.test(dtype)) yield* opened.float32(name)
  }
})

const safetensors = (): OutsideFormat => ({
  name: "safetensors",
  isText: false,
  files: [
    {
      name: "model.safetensors",
      bytes: encodeSafetensors(
        {
          "model.embed_tokens.weight": { dtype: "F32", shape: [8, 4], data: floats(32) },
          "model.norm.weight": { dtype: "BF16", shape: [4], data: new Uint16Array(4) },
          half: { dtype: "F16", shape: [2, 3], data: new Uint16Array(6) },
          double: { dtype: "F64", shape: [2], data: new Float64Array(2) },
          count: { dtype: "I64", shape: [], data: new BigInt64Array(1) }
        },
        { format: "pt" }
      ),
      read: readSafetensors
    },
    ...saeFiles(/\.safetensors$/)
  ]
})

const readGguf = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const { config, weights, tokenizer } = yield* readGgufModel([{ path: "model.gguf", file: bytesFile(bytes) }])
  yield* modelInfo(config)
  yield* checkWeights(config, weights)
  for (const name of weights.entries.keys()) yield* weights.float32(name)
  yield* checkTokenizer(yield* tokenizer, weights.entries.get("model.embed_tokens.weight")?.shape[0] ?? 0)
})

const gguf = (): OutsideFormat => {
  const tensor = (name: string, shape: ReadonlyArray<number>) => ({
    name,
    type: 0,
    shape,
    data: new Uint8Array(floats(shape.reduce((a, b) => a * b, 1)).buffer)
  })
  const file = (tokenizer: Parameters<typeof encodeGguf>[0]) =>
    encodeGguf(
      [
        ["general.architecture", text("llama")],
        ["llama.block_count", u32(1)],
        ["llama.context_length", u32(16)],
        ["llama.embedding_length", u32(8)],
        ["llama.feed_forward_length", u32(6)],
        ["llama.attention.head_count", u32(2)],
        ["llama.attention.layer_norm_rms_epsilon", f32(1e-5)],
        ...tokenizer
      ],
      [
        tensor("token_embd.weight", [5, 8]),
        tensor("output_norm.weight", [8]),
        tensor("blk.0.attn_norm.weight", [8]),
        ...["q", "k", "v", "output"].map((part) => tensor(`blk.0.attn_${part}.weight`, [8, 8])),
        tensor("blk.0.ffn_norm.weight", [8]),
        tensor("blk.0.ffn_gate.weight", [6, 8]),
        tensor("blk.0.ffn_up.weight", [6, 8]),
        tensor("blk.0.ffn_down.weight", [8, 6]),
        { name: "q", type: 2, shape: [2, 32], data: new Uint8Array(36) }
      ]
    )
  const bpe = file([
    ["tokenizer.ggml.model", text("gpt2")],
    ["tokenizer.ggml.pre", text("smollm")],
    ["tokenizer.ggml.tokens", strings(["a", "b", "c", "ab", "<|end|>"])],
    ["tokenizer.ggml.token_type", i32s([1, 1, 1, 1, 3])],
    ["tokenizer.ggml.merges", strings(["a b"])],
    ["tokenizer.ggml.bos_token_id", u32(4)]
  ])
  const scored = file([
    ["tokenizer.ggml.model", text("llama")],
    ["tokenizer.ggml.tokens", strings(["<unk>", "▁a", "b", "▁ab", "<0x00>"])],
    ["tokenizer.ggml.scores", f32s([0, -1, -2, -3, 0])],
    ["tokenizer.ggml.token_type", i32s([2, 1, 1, 1, 6])],
    ["tokenizer.ggml.unknown_token_id", u32(0)]
  ])
  return {
    name: "gguf",
    isText: false,
    files: [bpe, scored].map((bytes) => ({ name: "model.gguf", bytes, read: readGguf }))
  }
}

const readTorch = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const { value, float32, integers } = yield* openTorchFile(bytesFile(bytes), "model.bin")
  const visit = (item: Pickled): Effect.Effect<void, unknown> => {
    if (isTensor(item))
      return /^B?F/.test(item.storage.dtype) ? Effect.asVoid(float32(item)) : Effect.asVoid(integers(item))
    if (Array.isArray(item) || item instanceof Map) {
      return Effect.forEach((item as ReadonlyArray<Pickled>).values(), visit, { discard: true })
    }
    return Effect.void
  }
  yield* visit(value)
})

const torch = (): OutsideFormat => ({
  name: "torch",
  isText: false,
  files: [
    { name: "model.bin", bytes: load(join(root, "format/torch/legacy.bin")), read: readTorch },
    ...saeFiles(/\.pt$/).flatMap((file) => [file, { name: "model.bin", bytes: file.bytes, read: readTorch }])
  ]
})

const readNpz = (bytes: Uint8Array): Effect.Effect<unknown, unknown> =>
  Effect.tryPromise({
    try: async () => {
      const zip = await openZip(bytesFile(bytes), "params.npz")
      for (const name of zip.entries.keys()) decodeNpy(await zip.read(name))
    },
    catch: (error) => error
  })

const npz = (): OutsideFormat => {
  const saes = saeFiles(/\.npz$/)
  return {
    name: "npz",
    isText: false,
    files: saes.flatMap((file) => [file, { name: "params.npz", bytes: file.bytes, read: readNpz }])
  }
}

type Open = (file: ReturnType<typeof bytesFile>, name: string, field: string | null) => DocumentFile

const documents =
  (open: Open, name: string, field: string | null = null) =>
  (bytes: Uint8Array): Effect.Effect<unknown, unknown> =>
    Effect.tryPromise({
      try: async () => {
        const file = open(bytesFile(bytes), name, field)
        await file.count()
        for await (const _ of file.read(() => true));
      },
      catch: documentFailure({ uri: "file:text" })
    })

const rows = [
  { id: 1, text: "one\nline", meta: { url: "a" } },
  { text: "zwei é 🙂", meta: { url: "b", tags: [1, 2.5, null] } },
  { text: 'three "quoted"', id: 9007199254740991 }
]

const jsonLines = (): OutsideFormat => ({
  name: "json-lines",
  isText: true,
  files: [
    {
      name: "a.jsonl",
      bytes: encode(`${rows.map((row) => JSON.stringify(row)).join("\n")}\n`),
      read: documents(jsonLinesFile, "a.jsonl")
    },
    {
      name: "ids.jsonl",
      bytes: encode('{"input_ids":[1,2,3]}\n{"input_ids":[4]}\n'),
      read: documents(jsonLinesFile, "ids.jsonl")
    },
    {
      name: "chat.jsonl",
      bytes: encode('{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"}]}\n'),
      read: documents(jsonLinesFile, "chat.jsonl")
    },
    { name: "a.json", bytes: encode(JSON.stringify(rows, null, 1)), read: documents(jsonFile, "a.json") }
  ]
})

const tokenizers = (): OutsideFormat => {
  const folder = join(root, "golden/tokenizers")
  return {
    name: "tokenizer.json",
    isText: true,
    files: readdirSync(folder).map((name) => ({
      name: "tokenizer.json",
      bytes: load(join(folder, name, "tokenizer.json")),
      read: (bytes) => checkTokenizer(decode(bytes), 1_000_000)
    }))
  }
}

const readPipeline = (bytes: Uint8Array): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const experiment = { file: "x.yaml", text: decode(bytes) }
    const result = compile({ experiment, assignments: [], catalog, artifactKinds: ["Files", "Sae"] })
    return Result.isFailure(result) ? Effect.fail(result.failure) : Effect.succeed(result.success)
  })

const yaml = (): OutsideFormat => ({
  name: "yaml",
  isText: true,
  files: [
    examplePipeline.text,
    `name: x
params: { widths: { type: list, items: integer, default: [512, 2_048] } }
stages:
  first: &first { uses: command, with: { run: "echo \${{ params.widths[0] }}", values: { a: { b: [1, .5, null] } } } }
  again: { <<: *first, needs: first, retries: 2, timeout: 3 hours }
  many:
    uses: command
    matrix: { width: "\${{ params.widths }}", seed: [0, 1], include: [{ width: 1, seed: 7 }], exclude: [{ seed: 1 }] }
    with:
      run: |-
        one
        two
      inputs: { a: "\${{ stages.first }}" }
  last: { uses: command, with: { run: x, inputs: { all: "\${{ stages.many[width=first, seed=*] }}" } } }
`
  ].map((content) => ({ name: "x.yaml", bytes: encode(content), read: readPipeline }))
})

const fixtures = (ending: RegExp, open: Open): ReadonlyArray<OutsideFile> => {
  const folder = join(root, "text/fixtures")
  return readdirSync(folder)
    .filter((name) => ending.test(name))
    .map((name) => ({ name, bytes: load(join(folder, name)), read: documents(open, name) }))
}

const confined =
  (format: LibraryFormat): Open =>
  (file, name, field) =>
    confinedFile({ file, name, field, format })

const columns = { activation: { type: "f32", list: 4 }, token: { type: "i32" } } as const

/** As artifacts hold it, which a program outside may have written. */
const ownArrow = await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const writer = yield* openArrowWriter(folderWriter(directory), "train.arrow", columns)
      for (const rows of [3, 2]) {
        yield* writer.append(rows, { activation: floats(4 * rows), token: new Int32Array(rows) })
      }
      yield* writer.close
      return load(join(directory, "train.arrow"))
    })
  )
)

const readOwnArrow = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const reader = yield* openArrow(bytesFile(bytes), columns, "train.arrow")
  for (let batch = 0; batch < reader.batches; batch++) yield* reader.readBatch(batch)
})

const arrow = (): OutsideFormat => ({
  name: "arrow",
  isText: false,
  files: [
    ...fixtures(/\.(arrow|feather)$/, confined("arrow")),
    { name: "train.arrow", bytes: ownArrow, read: readOwnArrow }
  ]
})
const parquet = (): OutsideFormat => ({
  name: "parquet",
  isText: false,
  files: fixtures(/\.parquet$/, confined("parquet"))
})

/** Undefined: it is no JSON, which is refused before anybody looks at a configuration. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const readConfig = (bytes: Uint8Array): Effect.Effect<unknown, unknown> =>
  Effect.gen(function* () {
    const config = parsed(decode(bytes))
    if (typeof config !== "object" || config === null || Array.isArray(config)) return
    yield* modelInfo(config as Readonly<Record<string, unknown>>)
  })

const configurations = (): OutsideFormat => {
  const folder = join(root, "golden/checkpoints")
  return {
    name: "configurations",
    isText: true,
    files: [
      ...readdirSync(folder)
        .filter((name) => !name.endsWith(".py"))
        .map((name) => ({ name: "config", bytes: load(join(folder, name, "config.json")), read: readConfig })),
      ...saeFiles(/\.json$/)
    ]
  }
}

const formats = {
  safetensors,
  gguf,
  torch,
  npz,
  "json-lines": jsonLines,
  "tokenizer.json": tokenizers,
  yaml,
  arrow,
  parquet,
  configurations
}
export type FormatName = keyof typeof formats
export const formatNames = Object.keys(formats) as ReadonlyArray<FormatName>
export const outsideFormat = (name: FormatName): OutsideFormat => formats[name]()
