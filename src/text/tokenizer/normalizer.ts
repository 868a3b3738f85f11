/** The normalizers of tokenizer.json, which change a text before it is cut. Checked part by part against the Rust library. */
import { toByteLevel } from "./byte-level.ts"
import { accents, controls, marks, normalizedAlike } from "./character-sets.ts"
import type { Part } from "./part.ts"
import { patternMatcher } from "./pattern.ts"
import { mapPiece, type Piece, prependToPiece } from "./piece.ts"
import { precompiledCharsmap } from "./precompiled-charsmap.ts"
import type { Matcher } from "./span.ts"

export type Normalizer = (piece: Piece) => Piece

const form =
  (name: "NFC" | "NFD" | "NFKC" | "NFKD") =>
  (text: string): string =>
    text.replace(normalizedAlike, (stretch) => stretch.normalize(name))

/** Character by character: a final sigma is none then. */
const lowerCased = (text: string): string => {
  // Only these look beyond a character.
  if (!/[Σ\u0130]/.test(text)) return text.toLowerCase()
  let out = ""
  for (const character of text) out += character.toLowerCase()
  return out
}

const chinese =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu
const whiteSpace = /\p{White_Space}/gu

const bert = (part: Part): Normalizer => {
  const lowercase = part.flag("lowercase")
  const steps = [
    ...(part.flag("clean_text") ? [(text: string) => text.replace(controls, "").replace(whiteSpace, " ")] : []),
    ...(part.flag("handle_chinese_chars") ? [(text: string) => text.replace(chinese, " $& ")] : []),
    ...(part.flag("strip_accents", lowercase) ? [(text: string) => form("NFD")(text).replace(accents, "")] : []),
    ...(lowercase ? [lowerCased] : [])
  ]
  return (piece) => steps.reduce(mapPiece, piece)
}

/** Control characters go, and what SentencePiece's rules for machine translation take for a space becomes one. */
const nmt = (text: string): string =>
  text
    .replace(/(?![\0\t\n\f\r\u0080-\u008e\u0090-\u009e])\p{Cc}/gu, "")
    .replace(/[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g, " ")

const strip = (part: Part): Normalizer => {
  const left = part.flag("strip_left") ? /^\p{White_Space}+/u : undefined
  const right = part.flag("strip_right") ? /\p{White_Space}+$/u : undefined
  return ({ text, atStart, startUnits }) => {
    const cut = left?.exec(text)?.[0].length ?? 0
    const rest = text.slice(cut)
    const stripped = right === undefined ? rest : rest.replace(right, "")
    return { text: stripped, atStart, startUnits: Math.max(0, Math.min(startUnits - cut, stripped.length)) }
  }
}

/** What is put in place of a match stands where the match ends. */
export const replaceMatches = (piece: Piece, matcher: Matcher, content: string): Piece => {
  let [text, startUnits] = ["", 0]
  for (const { start, end, match } of matcher(piece.text)) {
    if (match) {
      if (end <= piece.startUnits && content !== "") startUnits = text.length + content.length
      text += content
    } else {
      if (start < piece.startUnits) startUnits = text.length + Math.min(end, piece.startUnits) - start
      text += piece.text.slice(start, end)
    }
  }
  return { text, atStart: piece.atStart, startUnits: piece.startUnits === 0 ? 0 : startUnits }
}

const replace = (part: Part): Normalizer => {
  const matcher = patternMatcher(part, "pattern")
  const content = part.text("content")
  return (piece) => (piece.text === "" ? piece : replaceMatches(piece, matcher, content))
}

const prepend = (part: Part): Normalizer => {
  const prefix = part.text("prepend")
  return (piece) => (piece.text === "" ? piece : prependToPiece(piece, prefix))
}

const mapping = (map: (text: string) => string) => (): Normalizer => (piece) => mapPiece(piece, map)

const kinds: Readonly<Record<string, (part: Part) => Normalizer>> = {
  BertNormalizer: bert,
  ByteLevel: mapping(toByteLevel),
  Lowercase: mapping(lowerCased),
  NFC: mapping(form("NFC")),
  NFD: mapping(form("NFD")),
  NFKC: mapping(form("NFKC")),
  NFKD: mapping(form("NFKD")),
  Nmt: mapping(nmt),
  Precompiled: precompiledCharsmap,
  Prepend: prepend,
  Replace: replace,
  Strip: strip,
  StripAccents: mapping((text) => text.replace(marks, "")),
  Sequence: (part) => {
    const members = part.parts("normalizers").map(makeNormalizer)
    return (piece) => members.reduce((normal, normalize) => normalize(normal), piece)
  }
}

/** @throws TokenizerProblem */
export const makeNormalizer = (part: Part): Normalizer => {
  const { type = "" } = part
  const make = Object.hasOwn(kinds, type) ? kinds[type] : undefined
  if (make === undefined) throw part.refuse(`the normalizer ${type} is not known`)
  const normalizer = make(part)
  part.done()
  return normalizer
}
