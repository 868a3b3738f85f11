/** The decoders of tokenizer.json, which make text of tokens. Checked part by part against the Rust library. */
import { byteCharacters } from "./byte-level.ts"
import type { Part } from "./part.ts"
import { patternMatcher } from "./pattern.ts"

export type Decoder = (tokens: ReadonlyArray<string>) => ReadonlyArray<string>

const encoder = new TextEncoder()
const lossy = new TextDecoder("utf-8", { ignoreBOM: true })
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true })
const byteOf = new Map(byteCharacters.map((character, byte) => [character, byte]))

/** A token that is not in the byte-level alphabet stands for its own bytes. */
const bytesOf = (token: string): Iterable<number> => {
  const bytes = Array.from(token, (character) => byteOf.get(character))
  return bytes.every((byte) => byte !== undefined) ? bytes : encoder.encode(token)
}

const byteLevel: Decoder = (tokens) => [lossy.decode(Uint8Array.from(tokens.flatMap((token) => [...bytesOf(token)])))]

const text = (bytes: ReadonlyArray<number>): ReadonlyArray<string> => {
  try {
    return [strict.decode(Uint8Array.from(bytes))]
  } catch {
    return bytes.map(() => "\ufffd")
  }
}

const byteFallback: Decoder = (tokens) => {
  const out: Array<string> = []
  let bytes: Array<number> = []
  const flush = (): void => {
    if (bytes.length > 0) out.push(...text(bytes))
    bytes = []
  }
  for (const token of tokens) {
    const found = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)
    if (found !== null) bytes.push(Number.parseInt(found[1] as string, 16))
    else {
      flush()
      out.push(token)
    }
  }
  flush()
  return out
}

/** The order matters: each sees what the ones before it left. */
const cleanups = [" .", " ?", " !", " ,", " ' ", " n't", " 'm", " do not", " 's", " 've", " 're"] as const
const cleaned = (token: string): string =>
  cleanups.reduce((text, part) => text.replaceAll(part, part === " do not" ? " don't" : part.trim()), token)

const wordPiece = (part: Part): Decoder => {
  const prefix = part.text("prefix")
  const cleanup = part.flag("cleanup")
  const spaced = (token: string, i: number): string =>
    i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`
  return (tokens) => tokens.map(spaced).map((token) => (cleanup ? cleaned(token) : token))
}

const metaspace = (part: Part): Decoder => {
  const replacement = part.character("replacement")
  const scheme = part.choice("prepend_scheme", ["first", "never", "always"], "always")
  if (!part.flag("add_prefix_space", true) && scheme !== "never") {
    throw part.refuse("add_prefix_space is false, prepend_scheme is not never", "Set prepend_scheme to never.")
  }
  part.ignore("str_rep", "split")
  return (tokens) => tokens.map((token, i) => token.replaceAll(replacement, i === 0 && scheme !== "never" ? "" : " "))
}

const ctc = (part: Part): Decoder => {
  const [pad, delimiter, cleanup] = [part.text("pad_token"), part.text("word_delimiter_token"), part.flag("cleanup")]
  return (tokens) =>
    tokens
      .filter((token, i) => token !== tokens[i - 1])
      .map((token) => token.replaceAll(pad, ""))
      .map((token) => (cleanup ? cleaned(token).replaceAll(delimiter, " ") : token))
      .filter((token) => token !== "")
}

const strip = (part: Part): Decoder => {
  const content = part.character("content")
  const [start, stop] = [part.count("start"), part.count("stop")]
  return (tokens) =>
    tokens.map((token) => {
      const characters = [...token]
      let [from, until] = [0, characters.length]
      while (from < Math.min(start, characters.length) && characters[from] === content) from++
      while (characters.length - until < stop && until > from && characters[until - 1] === content) until--
      return characters.slice(from, until).join("")
    })
}

const replace = (part: Part): Decoder => {
  const matcher = patternMatcher(part, "pattern")
  const content = part.text("content")
  return (tokens) =>
    tokens.map((token) =>
      matcher(token)
        .map(({ start, end, match }) => (match ? content : token.slice(start, end)))
        .join("")
    )
}

const kinds: Readonly<Record<string, (part: Part) => Decoder>> = {
  BPEDecoder: (part) => {
    const suffix = part.text("suffix")
    return (tokens) => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? "" : " "))
  },
  ByteFallback: () => byteFallback,
  ByteLevel: (part) => {
    part.ignore("add_prefix_space", "trim_offsets", "use_regex")
    return byteLevel
  },
  CTC: ctc,
  Fuse: () => (tokens) => [tokens.join("")],
  Metaspace: metaspace,
  Replace: replace,
  Sequence: (part) => {
    const members = part.parts("decoders").map(makeDecoder)
    return (tokens) => members.reduce((text, decode) => decode(text), tokens)
  },
  Strip: strip,
  WordPiece: wordPiece
}

/** @throws TokenizerProblem */
export const makeDecoder = (part: Part): Decoder => {
  const { type = "" } = part
  const make = Object.hasOwn(kinds, type) ? kinds[type] : undefined
  if (make === undefined) throw part.refuse(`the decoder ${type} is not known`)
  const decoder = make(part)
  part.done()
  return decoder
}
