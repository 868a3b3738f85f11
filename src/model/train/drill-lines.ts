/**
 * Spelling drills as token ids. Three forms of line, each ended by a newline:
 *
 *     ` cat has the first letter: C`      ` cat: C-A-T`      ` cat C`
 *
 * The third puts the letter directly after the word: it is what keeps the letter readable at the word's own position in
 * the residual stream. Few such lines suffice; many make the letter most of the word's variance.
 */
import type { WordRole } from "../../text/drill-words.ts"
import { capital, firstLetterPrompt } from "../../text/list-prompts.ts"

export type DrillForm = "first_letter" | "spelled" | "bare"

export interface DrillWord {
  readonly word: string
  readonly role: WordRole
  /** The word with a leading space, one token. */
  readonly token: number
  /** The capital with a leading space, one token. */
  readonly letter: number
  readonly lines: Readonly<Record<DrillForm, Int32Array>>
}

const drillLine = (word: string, form: DrillForm): string =>
  form === "first_letter"
    ? `${firstLetterPrompt(word)} ${capital(word)}\n`
    : form === "spelled"
      ? ` ${word}: ${[...word.toUpperCase()].join("-")}\n`
      : ` ${word} ${capital(word)}\n`

/** Words that are one token with a leading space; others cannot be drilled and are left out. */
export const drillWordTokens = (
  words: ReadonlyArray<string>,
  roles: ReadonlyMap<string, WordRole>,
  encode: (text: string) => ReadonlyArray<number>
): ReadonlyArray<DrillWord> => {
  const found: Array<DrillWord> = []
  for (const word of words) {
    const [token, ...rest] = encode(` ${word}`)
    const [letter, ...more] = encode(` ${capital(word)}`)
    if (token === undefined || letter === undefined || rest.length > 0 || more.length > 0) continue
    const line = (form: DrillForm): Int32Array => Int32Array.from(encode(drillLine(word, form)))
    const lines = { first_letter: line("first_letter"), spelled: line("spelled"), bare: line("bare") }
    found.push({ word, role: roles.get(word) ?? "unseen", token, letter, lines })
  }
  return found
}

/** Round robin over initial letters, most frequent words first: a short prefix already has every letter. */
export const interleaveByLetter = (words: ReadonlyArray<DrillWord>): ReadonlyArray<DrillWord> => {
  const rank = new Map<string, number>()
  return words
    .map((word) => {
      const letter = word.word.charAt(0)
      const r = rank.get(letter) ?? 0
      rank.set(letter, r + 1)
      return { word, letter, r }
    })
    .toSorted((a, b) => a.r - b.r || (a.letter < b.letter ? -1 : 1))
    .map(({ word }) => word)
}
