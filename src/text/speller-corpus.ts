/**
 * What tiny-speller is made of: packaged running text, split into training and held-out documents, and the words of its
 * drills. The split and the words are fixed here, so that training, evaluation and the captured text agree.
 */
import { drillWords, type WordRole, wordRoles } from "./drill-words.ts"
import { heldOutSplit } from "./held-out-split.ts"
import { packageTextFiles, readPackageText } from "./package-text.ts"
import type { TextDocument } from "./text-document.ts"

/** Held out so that a capture of 400,000 tokens finds enough text that the model has not seen. */
const heldOutShare = 0.07
const splitSeed = 0

/** 2,500 common words, and 60 of each initial letter that has so many: 2,834 words. */
const wordsOverall = 2500
const wordsPerLetter = 60

export const endOfTextToken = "<|endoftext|>"

export const spellerDocuments = (): {
  readonly train: ReadonlyArray<TextDocument>
  readonly heldOut: ReadonlyArray<TextDocument>
} => heldOutSplit(packageTextFiles().map(readPackageText), heldOutShare, splitSeed)

export const spellerWords = (): {
  readonly words: ReadonlyArray<string>
  readonly roles: ReadonlyMap<string, WordRole>
} => {
  const words = drillWords(wordsOverall, wordsPerLetter)
  return { words, roles: wordRoles(words) }
}
