/**
 * Counts of pre-tokens for tiny-speller's tokenizer: the training text, plus weight on every drill word and on every
 * capital with a leading space, so that each becomes a single token.
 */
import { byteLevelPattern } from "./byte-level.ts"
import { countPreTokens } from "./train-bpe.ts"
import type { TextDocument } from "./text-document.ts"

/** Occurrences added for each drill word, and for each capital letter with a leading space. */
const wordWeight = 600
const letterWeight = 20_000

export const preTokenCounts = (
  documents: ReadonlyArray<TextDocument>,
  words: ReadonlyArray<string>
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { text } of documents) countPreTokens(counts, byteLevelPattern, text)
  for (const word of words) countPreTokens(counts, byteLevelPattern, ` ${word}`, wordWeight)
  if (words.length > 0) {
    for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") countPreTokens(counts, byteLevelPattern, ` ${letter}`, letterWeight)
  }
  return counts
}
