/** The stage train-tokenizer. */
import * as Effect from "effect/Effect"
import { measured } from "../stage/metric.ts"
import type { ResolvedSource } from "../stage/source.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { makeTokenizer } from "./tokenizer.ts"
import { trainTokenizer } from "./train-tokenizer.ts"
import { trainingText } from "./training-text.ts"

export const tokenizerStage = Effect.fn("tokenizerStage")(function* ({
  params,
  sources,
  output,
  progress
}: StageContext<{ readonly vocab_size: number }, { readonly text: ResolvedSource }, {}>) {
  const corpus = yield* trainingText(sources.text)
  progress({ done: 0, total: params.vocab_size, unit: "tokens" })
  const json = trainTokenizer(corpus, params.vocab_size)
  yield* output.write("tokenizer.json", json)
  const tokenizer = makeTokenizer(json)
  const characters = corpus.heldOut.reduce((sum, { text }) => sum + text.length, 0)
  const tokens = corpus.heldOut.reduce((sum, { text }) => sum + tokenizer.encode(text).length, 0)
  progress({ done: tokenizer.vocabularySize, total: tokenizer.vocabularySize, unit: "tokens" })
  return {
    vocab_size: tokenizer.vocabularySize,
    characters_per_token: measured(characters / tokens, "the text has no held-out part")
  }
})
