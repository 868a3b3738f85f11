/**
 * Trains tiny-speller's kind of tokenizer: on running text, plus weight on every drill word and on every capital with a
 * leading space, so that each becomes a single token.
 */
import { byteLevelPattern } from "./tokenizer/byte-level.ts"
import { endOfTextToken, type SpellerCorpus } from "./speller-corpus.ts"
import { tokenizerJson } from "./tokenizer-json.ts"
import { countPreTokens, trainBpe } from "./train-bpe.ts"

/** Occurrences added for each drill word, and for each capital letter with a leading space. */
const wordWeight = 600
const letterWeight = 20_000

/** @returns the text of tokenizer.json: `<|endoftext|>` is id 0 */
export const trainTokenizer = ({ train, words }: Pick<SpellerCorpus, "train" | "words">, size: number): string => {
  const counts = new Map<string, number>()
  for (const { text } of train) countPreTokens(counts, byteLevelPattern, text)
  for (const word of words) countPreTokens(counts, byteLevelPattern, ` ${word}`, wordWeight)
  if (words.length > 0) {
    for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
      countPreTokens(counts, byteLevelPattern, ` ${letter}`, letterWeight)
  }
  return tokenizerJson(trainBpe(counts, size, [endOfTextToken]), endOfTextToken)
}
