/**
 * A tokenizer.json that can be used: read, and tried on a line of text, so that a damaged one, or one of another model, is
 * refused here. Tokens that the model has no embedding for (a pad token is often one) hinder nobody: they are refused
 * where they occur.
 */
import * as Effect from "effect/Effect"
import { makeTokenizer, type StreamingTokenizer } from "../text/tokenizer.ts"
import { TokenizerProblem } from "../text/tokenizer/tokenizer-problem.ts"
import { ModelError } from "./decoder/model-error.ts"

/** Words, digits, spaces, punctuation and letters beyond ASCII: what cuts and normalisers look at. */
const sample = "Hello, world! It's 1,024 words -\n  naïve 東京 🙂."

/** @param vocabulary token ids that the model knows */
export const checkTokenizer = (json: string, vocabulary: number): Effect.Effect<StreamingTokenizer, ModelError> => {
  const refused = (problem: string) => new ModelError({ reason: "tokenizer", problem: `tokenizer.json ${problem}` })
  const said = (error: unknown): string =>
    error instanceof TokenizerProblem ? `${error.message}. ${error.remedy}` : "its parts do not fit together"
  return Effect.gen(function* () {
    const tokenizer = yield* Effect.try({
      try: () => makeTokenizer(json),
      catch: (error) => refused(`cannot be read: ${said(error)}`)
    })
    if (!(tokenizer.vocabularySize > 0)) return yield* refused("has no tokens")
    const ids = yield* Effect.try({
      try: () => {
        const found = tokenizer.encode(sample)
        tokenizer.decode(found)
        return found
      },
      catch: (error) => refused(`does not encode text: ${said(error)}`)
    })
    const strange = ids.find((id) => id < 0 || id >= vocabulary)
    return strange === undefined ? tokenizer : yield* refused(`gives the id ${strange}, the model knows ${vocabulary}`)
  })
}
