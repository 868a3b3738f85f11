/**
 * SentencePiece's normalization rules as tokenizer.json holds them (`precompiled_charsmap`): a double-array trie (Darts)
 * over UTF-8, whose values point into a blob of replacements that end with a zero byte. As the library has it, a grapheme
 * of fewer than 6 bytes is looked up as a whole, then character by character, and the shortest entry that it begins with
 * replaces all of it.
 */
import type { Part } from "./part.ts"
import type { Piece } from "./piece.ts"

const encoder = new TextEncoder()
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" })
/** Printable ASCII between printable ASCII: each character is a grapheme. */
const plainRun = /(?<=^|[ -~])[ -~]+(?=[ -~]|$)/g

const graphemes = function* (text: string): Generator<string> {
  let at = 0
  for (const { index, 0: run } of text.matchAll(plainRun)) {
    for (const { segment } of segmenter.segment(text.slice(at, index))) yield segment
    yield* run
    at = index + run.length
  }
  for (const { segment } of segmenter.segment(text.slice(at))) yield segment
}

type Lookup = (part: string) => string | undefined

const openCharsmap = (part: Part): Lookup => {
  const bytes = Buffer.from(part.text("precompiled_charsmap"), "base64")
  const damaged = () =>
    part.refuse("its precompiled_charsmap is damaged", "Take tokenizer.json anew from where it is from.")
  if (bytes.length < 8) throw damaged()
  const trieBytes = bytes.readUInt32LE(0)
  if (trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) throw damaged()
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i))
  const blob = bytes.subarray(4 + trieBytes)
  const unitAt = (at: number): number => {
    const unit = trie[at]
    if (unit === undefined) throw damaged()
    return unit
  }
  const offset = (unit: number): number => (unit >>> 10) << ((unit & (1 << 9)) >>> 6)
  const search = (key: Uint8Array): string | undefined => {
    let at = offset(unitAt(0))
    for (const byte of key) {
      if (byte === 0) return undefined
      at ^= byte
      const unit = unitAt(at)
      if ((unit & 0x800000ff) >>> 0 !== byte) return undefined
      at ^= offset(unit)
      if (((unit >>> 8) & 1) === 1) {
        const start = unitAt(at) & 0x7fffffff
        const end = blob.indexOf(0, start)
        return blob.toString("utf8", start, end < 0 ? blob.length : end)
      }
    }
    return undefined
  }
  const known = new Map<string, string | undefined>()
  return (text) => {
    if (known.has(text)) return known.get(text)
    const found = search(encoder.encode(text))
    if (known.size > 65_536) known.clear()
    known.set(text, found)
    return found
  }
}

const isShort = (grapheme: string): boolean => grapheme.length < 6 && encoder.encode(grapheme).length < 6

/** Length of the result that still stands for the first original character, as the library's alignments have it. */
const makeStart = (units: number) => {
  // Original characters passed so far; what is taken away before anything stands is not counted there.
  let passed = 0
  let out = 0
  let last = 0
  return {
    add: (oldText: string, newText: string) => {
      const [before, after] = [[...oldText].length, [...newText]]
      if (passed < units) out += newText.length
      if (after.length > 0) last = before
      passed += after.length > 0 ? oldText.length : last > 0 ? oldText.length : 0
    },
    units: () => out
  }
}

export const precompiledCharsmap = (part: Part): ((piece: Piece) => Piece) => {
  const lookUp = openCharsmap(part)
  part.done()
  return ({ text, atStart, startUnits }) => {
    let result = ""
    const start = makeStart(startUnits)
    const add = (oldText: string, newText: string): void => {
      result += newText
      start.add(oldText, newText)
    }
    for (const grapheme of graphemes(text)) {
      const whole = isShort(grapheme) ? lookUp(grapheme) : undefined
      if (whole !== undefined) add(grapheme, whole)
      else for (const character of grapheme) add(character, lookUp(character) ?? character)
    }
    return { text: result, atStart, startUnits: start.units() }
  }
}
