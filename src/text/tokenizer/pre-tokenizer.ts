/** The pre-tokenizers of tokenizer.json, which cut a text into what the model sees. Checked part by part against the Rust library. */
import { byteLevelPattern, toByteLevel } from "./byte-level.ts"
import { punctuation, scriptOf, wordCharacter } from "./character-sets.ts"
import { replaceMatches } from "./normalizer.ts"
import { onigurumaPattern } from "./oniguruma.ts"
import type { Part } from "./part.ts"
import { patternMatcher } from "./pattern.ts"
import { mapPiece, type Piece, prependToPiece, slicePiece } from "./piece.ts"
import { type Behavior, behaviors, cutPiece, inverted, type Matcher, regexMatcher } from "./span.ts"

export type PreTokenizer = (pieces: ReadonlyArray<Piece>) => ReadonlyArray<Piece>

const whiteSpace = regexMatcher(/\p{White_Space}/gu)
const punctuationSigns = regexMatcher(punctuation)
/** Words, as the library's other regular-expression engine has them, and runs of what is neither word nor white space. */
const wordsAndSigns = regexMatcher(new RegExp(`${wordCharacter}+|[^${wordCharacter}\\p{White_Space}]+`, "gv"))
const exactly = (text: string): Matcher =>
  regexMatcher(new RegExp(`\\u{${(text.codePointAt(0) as number).toString(16)}}`, "gu"))

const cutting =
  (matcher: Matcher, behavior: Behavior): PreTokenizer =>
  (pieces) =>
    pieces.flatMap((piece) => cutPiece(piece, matcher, behavior))

const byteLevel = (part: Part): PreTokenizer => {
  const prefixed = part.flag("add_prefix_space")
  const matcher = part.flag("use_regex", true) ? regexMatcher(onigurumaPattern(byteLevelPattern.source)) : undefined
  part.ignore("trim_offsets")
  return (pieces) =>
    pieces.flatMap((piece) => {
      const whole = prefixed && !piece.text.startsWith(" ") ? prependToPiece(piece, " ") : piece
      return (matcher === undefined ? [whole] : cutPiece(whole, matcher, "Isolated")).map((each) =>
        mapPiece(each, toByteLevel)
      )
    })
}

const metaspace = (part: Part): PreTokenizer => {
  const replacement = part.character("replacement")
  const scheme = part.choice("prepend_scheme", ["first", "never", "always"], "always")
  if (!part.flag("add_prefix_space", true) && scheme !== "never") {
    throw part.refuse("add_prefix_space is false, prepend_scheme is not never", "Set prepend_scheme to never.")
  }
  const split = part.flag("split", true)
  part.ignore("str_rep")
  const [spaces, signs] = [exactly(" "), exactly(replacement)]
  return (pieces) =>
    pieces.flatMap((piece) => {
      const replaced = replaceMatches(piece, spaces, replacement)
      const prepends = scheme === "always" || (scheme === "first" && piece.atStart)
      const whole =
        prepends && !replaced.text.startsWith(replacement) ? prependToPiece(replaced, replacement) : replaced
      return split ? cutPiece(whole, signs, "MergedWithNext") : [whole]
    })
}

const fixedLength = (part: Part): PreTokenizer => {
  const length = part.count("length", 5)
  if (length === 0) throw part.refuse("length is 0")
  return (pieces) =>
    pieces.flatMap((piece) => {
      const cut: Array<Piece> = []
      let [start, at, count] = [0, 0, 0]
      for (const character of piece.text) {
        at += character.length
        if (++count % length !== 0 && at < piece.text.length) continue
        cut.push(slicePiece(piece, start, at))
        start = at
      }
      return cut
    })
}

/** Hiragana, Katakana and Han count as one; what stands before the first script of a piece is dropped, as there. */
const unicodeScripts: PreTokenizer = (pieces) =>
  pieces.flatMap((piece) => {
    const cuts: Array<number> = []
    let [last, at] = [0, 0]
    let begun = false
    for (const character of piece.text) {
      const script = scriptOf(character.codePointAt(0) as number)
      if (script !== 0) {
        if (!begun || script !== last) cuts.push(at)
        last = script
        begun = true
      }
      at += character.length
    }
    return cuts.map((start, i) => slicePiece(piece, start, cuts[i + 1] ?? piece.text.length))
  })

const split = (part: Part): PreTokenizer => {
  const matcher = patternMatcher(part, "pattern")
  const behavior = part.choice("behavior", behaviors)
  return cutting(part.flag("invert") ? inverted(matcher) : matcher, behavior)
}

const kinds: Readonly<Record<string, (part: Part) => PreTokenizer>> = {
  BertPreTokenizer: () => (pieces) => cutting(punctuationSigns, "Isolated")(cutting(whiteSpace, "Removed")(pieces)),
  ByteLevel: byteLevel,
  CharDelimiterSplit: (part) => cutting(exactly(part.character("delimiter")), "Removed"),
  Digits: (part) => cutting(regexMatcher(/\p{N}/gu), part.flag("individual_digits") ? "Isolated" : "Contiguous"),
  FixedLength: fixedLength,
  Metaspace: metaspace,
  Punctuation: (part) => cutting(punctuationSigns, part.choice("behavior", behaviors, "Isolated")),
  Sequence: (part) => {
    const members = part.parts("pretokenizers").map(makePreTokenizer)
    return (pieces) => members.reduce((cut, preTokenize) => preTokenize(cut), pieces)
  },
  Split: split,
  UnicodeScripts: () => unicodeScripts,
  Whitespace: () => cutting(inverted(wordsAndSigns), "Removed"),
  WhitespaceSplit: () => cutting(whiteSpace, "Removed")
}

/** @throws TokenizerProblem */
export const makePreTokenizer = (part: Part): PreTokenizer => {
  const { type = "" } = part
  const make = Object.hasOwn(kinds, type) ? kinds[type] : undefined
  if (make === undefined) throw part.refuse(`the pre-tokenizer ${type} is not known`)
  const preTokenizer = make(part)
  part.done()
  return preTokenizer
}
