/**
 * Lists of first-letter lines over the drilled words: the part of `builtin:speller-text` in which a model that knows
 * first letters has a reason to write them into the residual stream (in running text they fade).
 */
import * as Rng from "../random/rng.ts"
import type { TextDocument } from "../source/builtin/text-document.ts"

export const firstLetterPrompt = (word: string): string => ` ${word} has the first letter:`
export const capital = (word: string): string => word.charAt(0).toUpperCase()

/** List number `index`: `lines` different words, drawn with the seed of the list. */
export const listPrompt = (words: ReadonlyArray<string>, lines: number, index: number, seed: number): TextDocument => {
  const rng = Rng.make(seed, `list prompt ${index}`)
  const chosen = rng.permutation(words.length).slice(0, lines)
  const text = Array.from(chosen, (w) => {
    const word = words[w] as string
    return `${firstLetterPrompt(word)} ${capital(word)}\n`
  })
  return { name: `lists/${index}`, text: text.join("") }
}
