/**
 * What tiny-speller is made of: packaged running text, split into training and held-out documents, and the words of its
 * drills. The split and the words are fixed here, so that training, evaluation and the captured text agree.
 */
import { drillWords, type WordRole, wordFrequencies, wordRoles } from "./drill-words.ts"
import { heldOutSplit } from "./held-out-split.ts"
import { inPackageOrder, packageText } from "../source/builtin/package-text.ts"
import type { TextDocument } from "../source/builtin/text-document.ts"

/** Held out so that a capture of 400,000 tokens finds enough text that the model has not seen. */
const heldOutShare = 0.07
const splitSeed = 0

/** 2,500 common words, and 60 of each initial letter that has 60: 2,834 words. */
const wordsOverall = 2500
const wordsPerLetter = 60

/** Name of the word list among the files of `builtin:speller-text`. */
const wordListName = "subtlex/index.json"

export const endOfTextToken = "<|endoftext|>"

export interface SpellerCorpus {
  readonly train: ReadonlyArray<TextDocument>
  readonly heldOut: ReadonlyArray<TextDocument>
  /** Words of the drills, most frequent first; each has a role in `roles`. */
  readonly words: ReadonlyArray<string>
  readonly roles: ReadonlyMap<string, WordRole>
}

/** @param files those of `builtin:speller-text`, in any order: packaged texts and the word list */
export const spellerCorpus = (files: ReadonlyArray<TextDocument>): SpellerCorpus => {
  const list = files.find(({ name }) => name === wordListName)
  if (list === undefined) throw new RangeError(`${wordListName} is not among the files of the corpus`)
  const documents = inPackageOrder(files.filter(({ name }) => name !== wordListName)).map(packageText)
  const words = drillWords(wordFrequencies(list.text), wordsOverall, wordsPerLetter)
  // The chapters of a book are coarse; with this slack the embedded model was trained.
  return { ...heldOutSplit(documents, heldOutShare, splitSeed, 1 / 3), words, roles: wordRoles(words) }
}
