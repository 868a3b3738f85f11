/** Which words to ask about: single tokens with a leading space, a number of each initial letter, most frequent first. */
import { letterOf } from "../../text/first-letter/first-letter-prompts.ts"

/**
 * @param words by falling frequency, a-z
 * @param encode token ids of a text
 */
export const firstLetterWords = (
  words: ReadonlyArray<string>,
  encode: (text: string) => ArrayLike<number>,
  perLetter: number
): ReadonlyArray<string> => {
  const taken = new Uint32Array(26)
  return words.filter((word) => {
    const letter = letterOf(word)
    if (taken[letter]! >= perLetter || encode(` ${word}`).length !== 1) return false
    taken[letter]!++
    return true
  })
}
