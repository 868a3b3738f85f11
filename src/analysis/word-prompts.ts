/** Beginnings of sentences, each up to a word that tasks ask about: the activation at its last token is what probes read. */
import type { Rng } from "../random/rng.ts"
import { brownText } from "../source/builtin/brown-text.ts"
import type { TaggedDocument } from "../source/builtin/brown-tagged.ts"

/** A word of the Brown corpus, by its tag without what is appended to it (`-tl`: of a title), and the genre of its text. */
export interface TaggedWord {
  readonly tag: string
  /** `a` to `r`. */
  readonly genre: string
}

export interface WordPrompt extends TaggedWord {
  /** Index of its document. */
  readonly document: number
  readonly text: string
  /** The word itself, as it is written. */
  readonly word: string
}

/** Words before the word itself: fewer tell nothing of what a sentence is. */
const leastBefore = 3

/** @param count words of each document, spread at random */
export const wordPrompts = (
  documents: ReadonlyArray<TaggedDocument>,
  count: number,
  rng: Rng
): ReadonlyArray<WordPrompt> =>
  documents.flatMap(({ name, sentences }, document) => {
    const places = sentences.flatMap((words, sentence) =>
      words.flatMap((word, at) => (at >= leastBefore && /^[A-Za-z]+\//.test(word) ? [{ sentence, at }] : []))
    )
    return Array.from(rng.permutation(places.length).subarray(0, count), (place): WordPrompt => {
      const { sentence, at } = places[place]!
      const words = sentences[sentence]!.slice(0, at + 1)
      const last = words[at]!
      const tag = last.slice(last.lastIndexOf("/") + 1).toLowerCase()
      return {
        document,
        word: last.slice(0, last.lastIndexOf("/")),
        genre: name[1]!,
        tag: tag.replace(/-(tl|hl|nc)(?=-|$)/g, ""),
        text: brownText(words.join(" "))
      }
    })
  })
