/** The text that a language model is trained on, from a text source: the speller corpus, or files of the user. */
import * as Effect from "effect/Effect"
import { stageFailed } from "../stage/stage-failed.ts"
import type { ResolvedSource } from "../stage/source.ts"
import { sourceTexts } from "./source-texts.ts"
import { heldOutSplit } from "./held-out-split.ts"
import { readTexts } from "./read-texts.ts"
import { type SpellerCorpus, spellerCorpus } from "./speller-corpus.ts"
import type { TextDocument } from "../source/builtin/text-document.ts"

const heldOutShare = 0.05

const cutEnds = (documents: ReadonlyArray<TextDocument>): Pick<SpellerCorpus, "train" | "heldOut"> => {
  const at = (text: string): number => Math.floor(text.length * (1 - heldOutShare))
  return {
    train: documents.map(({ name, text }) => ({ name, text: text.slice(0, at(text)) })),
    heldOut: documents.map(({ name, text }) => ({ name, text: text.slice(at(text)) }))
  }
}

const characters = (documents: ReadonlyArray<TextDocument>): number =>
  documents.reduce((sum, { text }) => sum + text.length, 0)

/** Whole documents are held out where enough of them fit into the share; else the end of each. */
const userText = (documents: ReadonlyArray<TextDocument>): SpellerCorpus => {
  const whole = heldOutSplit(documents, heldOutShare, 0)
  const enough = characters(whole.heldOut) >= (heldOutShare / 2) * characters(documents)
  return { ...(enough ? whole : cutEnds(documents)), words: [], roles: new Map() }
}

/** Files of the user come without drill words. */
export const trainingText = Effect.fn("trainingText")(function* (source: ResolvedSource) {
  if (!source.uri.startsWith("builtin:")) return userText(yield* sourceTexts(source))
  const files = yield* readTexts(source)
  return yield* Effect.try({
    try: () => spellerCorpus(files),
    catch: (error) => stageFailed(`source ${source.uri}: ${error instanceof Error ? error.message : String(error)}`)
  })
})
