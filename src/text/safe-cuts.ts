/**
 * Where a text may be cut so that its pieces, tokenized one by one, give exactly the tokens of the whole text.
 *
 * Cuts are before a space or a line end that follows a letter or a digit. They are safe where nothing in the tokenizer
 * sees across them:
 *
 * * No added token holds a letter or digit followed by white space, or strips the white space after one.
 * * The normalizer, if any, replaces spaces by a string, or is NFC: a space composes with nothing before it. One that
 *   also prepends that string (Llama 2) is safe when the space is left out where the text goes on with a letter or digit:
 *   the next piece gets it back. No added token may begin with one then.
 * * The pre-tokenizer has a boundary at every such place: one of the byte-level patterns below, in which white space
 *   stands in a token only at its start, in a run of white space, or after punctuation, and in which a look-ahead is only
 *   behind white space. Or there is none, as in SentencePiece's BPE; then cuts are before spaces alone, the sign for a space has
 *   to be in the vocabulary (one that is not is dropped, or an unknown token that fuses with what stands beside it), and no
 *   entry of it may hold a letter or digit followed by that sign: a merge across the cut would be one.
 *
 * Anything else has no safe cuts: its texts are tokenized whole.
 */
import { newInUnicode17 } from "./tokenizer/character-sets.ts"

export interface SafeCuts {
  /** A match is a cut. */
  readonly pattern: RegExp
  /** Characters after the cut that belong to neither piece. */
  readonly skip: 0 | 1
}

/** A letter or digit, to Oniguruma too. */
const letter = `[[\\p{L}\\p{N}]--[${newInUnicode17}]]`
const beforeWhiteSpace: SafeCuts = { pattern: new RegExp(`(?<=${letter})(?=[ \\n])`, "gv"), skip: 0 }
const beforeSpaces: SafeCuts = { pattern: new RegExp(`(?<=${letter})(?= )`, "gv"), skip: 0 }
const insteadOfSpaces: SafeCuts = { pattern: new RegExp(`(?<=${letter})(?= ${letter})`, "gv"), skip: 1 }

type Json = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined
const asList = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** Split patterns of GPT-2, Llama 3, Qwen 2, GPT-4 (cl100k), GPT-4o and GPT-OSS (o200k), and DeepSeek-V3. */
const boundaryPatterns: ReadonlySet<string> = new Set([
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
])
/** Cut more than the boundary patterns do, and see nothing beyond a run of digits or of ideographs. */
const withinWords: ReadonlySet<string> = new Set(["\\p{N}", "\\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+"])
/** Some files spell line ends as such. */
const spelled = (regex: string): string => regex.replaceAll("\r", "\\r").replaceAll("\n", "\\n")

const members = (part: unknown, key: string): ReadonlyArray<Json> => {
  const object = asObject(part)
  if (object === undefined) return []
  return object["type"] === "Sequence" ? asList(object[key]).flatMap((each) => members(each, key)) : [object]
}

interface Normalized {
  /** What a space becomes. */
  readonly sign: string
  /** Whether it is put before every text. */
  readonly prepended: boolean
}

/** Undefined where a normalizer is not known to keep cuts safe. */
const normalized = (normalizers: ReadonlyArray<Json>): Normalized | undefined => {
  let sign = " "
  let prepended: unknown
  for (const { type, pattern, content, prepend } of normalizers) {
    if (type === "NFC") continue
    if (type === "Prepend" && sign === " " && prepended === undefined) {
      prepended = prepend
      continue
    }
    if (type !== "Replace" || asObject(pattern)?.["String"] !== " " || typeof content !== "string") return undefined
    if (sign === " ") sign = content
  }
  if (prepended !== undefined && prepended !== sign) return undefined
  return { sign, prepended: prepended !== undefined }
}

interface PreTokenized {
  /** A token ends at every cut. */
  readonly boundaries: boolean
  readonly sign: string
  /** A text that does not begin with a space gets one: only a space may begin a piece. */
  readonly prefixed: boolean
}

/** Undefined where a pre-tokenizer is not known to keep cuts safe. */
const preTokenized = (preTokenizers: ReadonlyArray<Json>, normalSign: string): PreTokenized | undefined => {
  let [boundaries, prefixed, sign] = [false, false, normalSign]
  for (const part of preTokenizers) {
    const { type, behavior, invert, replacement } = part
    const pattern = asObject(part["pattern"])
    const regex = pattern?.["Regex"]
    if (type === "ByteLevel") {
      if (sign !== " ") return undefined
      boundaries ||= part["use_regex"] !== false
      prefixed ||= part["add_prefix_space"] === true
      // Without a pattern before it, it only spells bytes, and white space as letters.
      if (!boundaries) return undefined
    } else if (type === "Split" && typeof regex === "string" && behavior === "Isolated" && invert !== true) {
      if (boundaryPatterns.has(spelled(regex)) && sign === " ") boundaries = true
      else if (!withinWords.has(regex)) return undefined
    } else if (type === "Metaspace" && sign === " " && typeof replacement === "string") {
      sign = replacement
      prefixed = true
    } else if (!(type === "Split" && pattern?.["String"] === " " && sign !== " ") && type !== "Digits") {
      return undefined
    }
  }
  return { boundaries, prefixed, sign }
}

/** A letter or digit before white space, where a cut would fall. */
const crossing = /[\p{L}\p{N}]\s/u
const wordAtEnd = /[\p{L}\p{N}]$/u
const wordAtStart = /^[\p{L}\p{N}]/u

const vocabularyAllows = (model: Json, sign: string): boolean => {
  const ends = [model["end_of_word_suffix"], model["continuing_subword_prefix"]].some(Boolean)
  const across = new RegExp(`[\\p{L}\\p{N}](${sign.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}|\\s)`, "u")
  const vocabulary = asObject(model["vocab"]) ?? {}
  return !ends && Object.hasOwn(vocabulary, sign) && !Object.keys(vocabulary).some((token) => across.test(token))
}

/** @param json tokenizer.json, parsed */
export const safeCuts = (json: unknown): SafeCuts | undefined => {
  const tokenizer = asObject(json)
  const model = asObject(tokenizer?.["model"])
  if (tokenizer === undefined || model === undefined || model["type"] !== "BPE") return undefined
  const added: ReadonlyArray<Json> = asList(tokenizer["added_tokens"]).flatMap((each) => {
    const token = asObject(each)
    return token === undefined ? [] : [token]
  })
  const contents = added.map(({ content }) => String(content))
  const stripping = added.some(({ content, rstrip }) => rstrip === true && wordAtEnd.test(String(content)))
  if (stripping || contents.some((content) => crossing.test(content))) return undefined

  const normal = normalized(members(tokenizer["normalizer"], "normalizers"))
  if (normal === undefined) return undefined
  const before = preTokenized(members(tokenizer["pre_tokenizer"], "pretokenizers"), normal.sign)
  if (before === undefined || !(before.boundaries || vocabularyAllows(model, before.sign))) return undefined
  if (!normal.prepended) return before.boundaries && !before.prefixed ? beforeWhiteSpace : beforeSpaces
  return before.prefixed || contents.some((content) => wordAtStart.test(content)) ? undefined : insteadOfSpaces
}
