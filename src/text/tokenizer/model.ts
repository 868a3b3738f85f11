/** The model of tokenizer.json: from a piece of text to ids. */
import { bpe } from "./bpe.ts"
import type { Part } from "./part.ts"
import { unigram } from "./unigram.ts"
import { wordLevel } from "./word-level.ts"
import { wordPiece } from "./word-piece.ts"

export interface Model {
  /** Appends the ids of a piece to `out`. @throws TokenizerProblem where the piece has none */
  readonly encode: (piece: string, out: Array<number>) => void
  readonly id: (token: string) => number | undefined
  readonly token: (id: number) => string | undefined
  /** Number of entries: the id of the first added token that is not among them. */
  readonly size: number
  /** The largest id. */
  readonly lastId: number
}

/** Files of 2020 do not name the type. */
const typeOf = (part: Part): string => {
  if (part.type !== undefined) return part.type
  if (part.has("merges")) return "BPE"
  return part.has("max_input_chars_per_word") ? "WordPiece" : part.has("unk_id") ? "Unigram" : "WordLevel"
}

/** @throws TokenizerProblem */
export const makeModel = (part: Part): Model => {
  const makers = { BPE: bpe, Unigram: unigram, WordLevel: wordLevel, WordPiece: wordPiece }
  const type = typeOf(part)
  const make = Object.hasOwn(makers, type) ? makers[type as keyof typeof makers] : undefined
  if (make === undefined) throw part.refuse(`the model ${type} is not known`)
  const model = make(part)
  part.done()
  return model
}
