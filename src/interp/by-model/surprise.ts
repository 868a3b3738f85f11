/**
 * How much less surprised a language model is by a text after the explanation than after none (Delphi's surprisal scorer): the difference of
 * the text's log probabilities. Needs no judge that follows instructions.
 */
import * as Effect from "effect/Effect"
import type { TextReader } from "../../chat/text-reader.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"

const begun = (what: string): string => `Here are texts that have one thing in common: ${what}.\n\nText:`

export const surprise = (
  reader: TextReader,
  explanation: string,
  texts: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<number>, StageFailed> =>
  Effect.gen(function* () {
    const told = yield* reader.logLikelihoods(begun(explanation), texts)
    const untold = yield* reader.logLikelihoods(begun("nothing in particular"), texts)
    return told.map((each, i) => each - (untold[i] as number))
  })
