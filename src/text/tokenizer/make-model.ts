/** The model that tokenizer.json states, by its type. */
import { bpe } from "./bpe.ts"
import type { Model } from "./model.ts"
import type { Part } from "./part.ts"
import { unigram } from "./unigram.ts"
import { wordLevel } from "./word-level.ts"
import { wordPiece } from "./word-piece.ts"

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
