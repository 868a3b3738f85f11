/** Words of a text as concepts: of every row, which word it is at. */
import * as Effect from "effect/Effect"
import { stageFailed } from "../../stage/stage-failed.ts"

export interface WordConcepts {
  /** In the order of the alphabet: a concept is its place. */
  readonly words: ReadonlyArray<string>
  /** Of each token, which concept it is; -1: none. */
  readonly conceptOf: (token: Int32Array) => Int32Array
}

/** A word as it reads, whatever its case and what stands before it; undefined: the token is no word. */
const wordOf = (text: string): string | undefined => {
  const word = text.trim().toLowerCase()
  return /^\p{L}{2,}$/u.test(word) ? word : undefined
}

/** @param least rows of each set that a word stands at */
export const wordConcepts = Effect.fnUntraced(function* (
  tokenText: (token: number) => string,
  training: Int32Array,
  heldOut: Int32Array,
  least: number
) {
  const texts = new Map<number, string | undefined>()
  const textOf = (token: number): string | undefined => {
    if (!texts.has(token)) texts.set(token, wordOf(tokenText(token)))
    return texts.get(token)
  }
  const counts = (tokens: Int32Array): ReadonlyMap<string, number> => {
    const found = new Map<string, number>()
    for (const token of tokens) {
      const word = textOf(token)
      if (word !== undefined) found.set(word, (found.get(word) ?? 0) + 1)
    }
    return found
  }
  const [often, held] = [counts(training), counts(heldOut)]
  const words = [...often]
    .flatMap(([word, n]) => (n >= least && (held.get(word) ?? 0) >= least ? [word] : []))
    .toSorted()
  if (words.length < 10) {
    return yield* stageFailed(
      `${words.length} words stand at ${least} training rows and ${least} held-out rows at least`,
      "Capture more text, or lower least."
    )
  }
  const ids = new Map(words.map((word, id) => [word, id]))
  const found: WordConcepts = {
    words,
    conceptOf: (tokens) => tokens.map((token) => ids.get(textOf(token) ?? "") ?? -1)
  }
  return found
})
