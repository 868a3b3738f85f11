/**
 * The tokenizer of a GGUF file as a Hugging Face `tokenizer.json`: byte-level BPE with the merges that the file holds
 * (`gpt2`), or SentencePiece's BPE with scores and byte fallback (`llama`), whose merges follow from the scores.
 */
import {
  flagAt,
  type Metadata,
  MetadataProblem,
  numbersAt,
  optionalNumber,
  optionalText,
  stringsAt
} from "./metadata-fields.ts"
import { scoreMerges } from "./score-merges.ts"
import { showGiven } from "../../../words/show-given.ts"

/** llama.cpp's types of tokens. */
const tokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

type Json = Readonly<Record<string, unknown>>

const split = (regex: string): Json => ({
  type: "Split",
  pattern: { Regex: regex },
  behavior: "Isolated",
  invert: false
})
const byteLevel = (regex: boolean): Json => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: regex
})
const sequence = (...pretokenizers: ReadonlyArray<Json>): Json => ({ type: "Sequence", pretokenizers })

const gpt2 = byteLevel(true)
/** Numbers are cut into single digits first. */
const singleDigits = sequence(split("\\p{N}"), gpt2)
const llama3 = sequence(
  split(
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
  ),
  byteLevel(false)
)
const qwen2 = sequence(
  split(
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
  ),
  byteLevel(false)
)

/** How text is cut before pairs are merged, by `tokenizer.ggml.pre`. */
const preTokenizers: Readonly<Record<string, Json>> = {
  "gpt-2": gpt2,
  gpt2,
  "phi-2": gpt2,
  olmo: gpt2,
  smollm: singleDigits,
  starcoder: singleDigits,
  refact: singleDigits,
  codeshell: singleDigits,
  "command-r": singleDigits,
  "llama-bpe": llama3,
  "llama-v3": llama3,
  llama3,
  qwen2,
  "deepseek-r1-qwen": qwen2
}

const addedToken = (id: number, content: string, special: boolean): Json => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special
})

const addBos = (token: string, id: number): Json => ({
  type: "TemplateProcessing",
  single: [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
  pair: [
    { SpecialToken: { id: token, type_id: 0 } },
    { Sequence: { id: "A", type_id: 0 } },
    { SpecialToken: { id: token, type_id: 1 } },
    { Sequence: { id: "B", type_id: 1 } }
  ],
  special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } }
})

interface Pieces {
  readonly tokens: ReadonlyArray<string>
  readonly types: ArrayLike<number>
}

const byteLevelModel = (metadata: Metadata, { tokens }: Pieces): Json => {
  const pre = optionalText(metadata, "tokenizer.ggml.pre") ?? "default"
  if (!Object.hasOwn(preTokenizers, pre)) {
    const known = Object.keys(preTokenizers).join(", ")
    throw new MetadataProblem(`its tokenizer cuts text as ${pre} says, which is not known (${known} are)`)
  }
  const preTokenizer = preTokenizers[pre] as Json
  return {
    normalizer: preTokenizer === qwen2 ? { type: "NFC" } : null,
    pre_tokenizer: preTokenizer,
    decoder: byteLevel(true),
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: preTokenizer === llama3,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: stringsAt(metadata, "tokenizer.ggml.merges")
    }
  }
}

const scoredModel = (metadata: Metadata, { tokens, types }: Pieces): Json => {
  const scores = numbersAt(metadata, "tokenizer.ggml.scores", tokens.length)
  const unknown = tokens[optionalNumber(metadata, "tokenizer.ggml.unknown_token_id") ?? -1] ?? null
  const prefix = flagAt(metadata, "tokenizer.ggml.add_space_prefix", true)
  const replace = { type: "Replace", pattern: { String: " " }, content: "▁" }
  const decoders = [
    { type: "Replace", pattern: { String: "▁" }, content: " " },
    { type: "ByteFallback" },
    { type: "Fuse" },
    ...(prefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [])
  ]
  return {
    normalizer: prefix ? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, replace] } : replace,
    pre_tokenizer: null,
    decoder: { type: "Sequence", decoders },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: unknown,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: scoreMerges(tokens, scores, (id) => types[id] === tokenType.normal)
    }
  }
}

/** @throws MetadataProblem */
export const ggufTokenizerJson = (metadata: Metadata): string => {
  const tokens = stringsAt(metadata, "tokenizer.ggml.tokens")
  const types = metadata.has("tokenizer.ggml.token_type")
    ? numbersAt(metadata, "tokenizer.ggml.token_type", tokens.length)
    : new Int32Array(tokens.length).fill(tokenType.normal)
  const kind = optionalText(metadata, "tokenizer.ggml.model")
  if (kind !== "gpt2" && kind !== "llama") {
    throw new MetadataProblem(`its tokenizer is of the kind ${showGiven(kind)}; gpt2 and llama can be read`)
  }
  const pieces = { tokens, types }
  const { model, ...rest } = kind === "gpt2" ? byteLevelModel(metadata, pieces) : scoredModel(metadata, pieces)
  const added: Array<Json> = []
  for (const [id, token] of tokens.entries()) {
    const type = types[id]
    if (token.length > 0 && (type === tokenType.control || type === tokenType.userDefined)) {
      added.push(addedToken(id, token, type === tokenType.control))
    }
  }
  const bos = optionalNumber(metadata, "tokenizer.ggml.bos_token_id")
  const bosToken = bos === undefined ? undefined : tokens[bos]
  const withBos = flagAt(metadata, "tokenizer.ggml.add_bos_token", kind === "llama")
  return `${JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    ...rest,
    post_processor: withBos && bosToken !== undefined ? addBos(bosToken, bos as number) : null,
    model
  })}\n`
}
