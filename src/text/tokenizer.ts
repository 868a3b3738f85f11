/** A tokenizer read from a Hugging Face `tokenizer.json`, as the rest of the project uses it. */
import { noJson, parseJson } from "../json/json-text.ts"
import { safeCuts } from "./safe-cuts.ts"
import { makePipeline } from "./tokenizer/pipeline.ts"
import { TokenizerProblem } from "./tokenizer/tokenizer-problem.ts"

export interface TextTokenizer {
  /** Token ids of `text`; no special token is added. */
  readonly encode: (text: string) => Int32Array<ArrayBuffer>
  readonly decode: (ids: ArrayLike<number>) => string
  /** Text of one token, with its leading space where it has one. */
  readonly tokenText: (id: number) => string
  /** Id of a token spelled in the tokenizer's own alphabet (`Ġcat`, `<|endoftext|>`); undefined if there is none. */
  readonly id: (token: string) => number | undefined
  readonly vocabularySize: number
}

export interface StreamingTokenizer extends TextTokenizer {
  /**
   * The ids of a text that comes in pieces, exactly those of `encode` of the whole. Memory holds what lies between two
   * safe cuts (`safe-cuts.ts`): for a tokenizer without them the whole text.
   */
  readonly encodePieces: (
    pieces: AsyncIterable<string> | Iterable<string>
  ) => AsyncGenerator<Int32Array<ArrayBuffer>, void, undefined>
}

/** Pieces of words come again and again: their ids are kept, up to this many of up to this length. */
const mostKept = 1 << 16
const longestKept = 32
/** Characters of a long text that are encoded together. */
const pieceCharacters = 1 << 16
/** Longest string of V8, with room: a text without safe cuts has to fit into one. */
const longestWhole = 2 ** 28

interface Numbers {
  add: (ids: ArrayLike<number>) => void
  result: () => Int32Array<ArrayBuffer>
}

const growing = (guess: number): Numbers => {
  let ids = new Int32Array(guess)
  let used = 0
  return {
    add: (more) => {
      if (used + more.length > ids.length) {
        const wider = new Int32Array(2 * (used + more.length))
        wider.set(ids.subarray(0, used))
        ids = wider
      }
      for (let i = 0; i < more.length; i++) ids[used + i] = more[i] as number
      used += more.length
    },
    result: () => ids.slice(0, used)
  }
}

/** @throws TokenizerProblem where `json` is no JSON, or cannot be applied right */
export const makeTokenizer = (json: string): StreamingTokenizer => {
  const text = parseJson(json)
  if (!text.ok) throw new TokenizerProblem("the text", noJson(text.place), "Give the whole file, as it was written.")
  const parsed = text.value
  const pipeline = makePipeline(parsed)
  const cuts = safeCuts(parsed)
  const kept = new Map<string, ReadonlyArray<number>>()
  const encodePiece = (piece: string): ReadonlyArray<number> => {
    const ids: Array<number> = []
    pipeline.encode(piece, ids)
    return ids
  }
  const keptOrEncoded = (piece: string): ReadonlyArray<number> => {
    if (piece.length > longestKept) return encodePiece(piece)
    const known = kept.get(piece)
    if (known !== undefined) return known
    const ids = encodePiece(piece)
    if (kept.size >= mostKept) kept.clear()
    kept.set(piece, ids)
    return ids
  }
  const encode = (text: string): Int32Array<ArrayBuffer> => {
    if (cuts === undefined) return Int32Array.from(encodePiece(text))
    const ids = growing(Math.ceil(text.length / 3) + 8)
    let start = 0
    for (const { index } of text.matchAll(cuts.pattern)) {
      ids.add(keptOrEncoded(text.slice(start, index)))
      start = index + cuts.skip
    }
    if (start < text.length) ids.add(keptOrEncoded(text.slice(start)))
    return ids.result()
  }
  const encodePieces = async function* (
    pieces: AsyncIterable<string> | Iterable<string>
  ): AsyncGenerator<Int32Array<ArrayBuffer>, void, undefined> {
    let held: Array<string> = []
    let length = 0
    for await (const piece of pieces) {
      held.push(piece)
      length += piece.length
      if (length > longestWhole) {
        throw new TokenizerProblem(
          "a text",
          `${length} characters without a place where this tokenizer lets it be cut`,
          "Split the document."
        )
      }
      if (cuts === undefined) continue
      const text = held.join("")
      let start = 0
      for (const { index } of text.matchAll(cuts.pattern)) {
        if (index - start < pieceCharacters) continue
        yield encode(text.slice(start, index))
        start = index + cuts.skip
      }
      held = [text.slice(start)]
      length = text.length - start
    }
    if (length > 0) yield encode(held.join(""))
  }
  const decode = pipeline.decode
  // Decoders of SentencePiece's kind take the space at the beginning of a text away: behind another token it stays.
  const anchor = ["▁a", "a", "▁"].map(pipeline.id).find((id) => id !== undefined)
  const before = anchor === undefined ? "" : decode([anchor])
  const tokenText = (id: number): string => {
    const alone = decode([id])
    if (anchor === undefined) return alone
    const behind = decode([anchor, id])
    return behind === `${before} ${alone}` && pipeline.spelling(id)?.startsWith("▁") === true ? ` ${alone}` : alone
  }
  return {
    encode,
    encodePieces,
    decode,
    tokenText,
    id: pipeline.id,
    vocabularySize: pipeline.lastId + 1
  }
}
