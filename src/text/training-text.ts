/** The text that a language model is trained on, from a text source: the speller corpus, or files of the user. */
import type { ResolvedSource } from "../stage/stage.ts"
import { heldOutSplit } from "./held-out-split.ts"
import { fileDocuments } from "./source-documents.ts"
import { type SpellerCorpus, spellerCorpus } from "./speller-corpus.ts"
import type { TextDocument } from "./text-document.ts"

/** With fewer documents than this the end of each is held out, instead of whole documents. */
const fewDocuments = 20
const heldOutShare = 0.05

const cutEnds = (documents: ReadonlyArray<TextDocument>): Pick<SpellerCorpus, "train" | "heldOut"> => {
  const at = (text: string): number => Math.floor(text.length * (1 - heldOutShare))
  return {
    train: documents.map(({ name, text }) => ({ name, text: text.slice(0, at(text)) })),
    heldOut: documents.map(({ name, text }) => ({ name, text: text.slice(at(text)) }))
  }
}

/** Files of the user come without drill words. @throws RangeError for files that are no text */
export const trainingText = (source: ResolvedSource): SpellerCorpus => {
  if (source.uri.startsWith("builtin:")) return spellerCorpus(source.files)
  const documents = fileDocuments(source.files)
  const split = documents.length < fewDocuments ? cutEnds(documents) : heldOutSplit(documents, heldOutShare, 0)
  return { ...split, words: [], roles: new Map() }
}
