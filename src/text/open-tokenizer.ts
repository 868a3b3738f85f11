/** A tokenizer that a stage was given. */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import { type StageFailed, stageFailed } from "../stage/stage-failed.ts"
import { TokenizerProblem } from "./tokenizer/tokenizer-problem.ts"
import { makeTokenizer, type StreamingTokenizer } from "./tokenizer.ts"

/** @param json text of tokenizer.json */
export const openTokenizer = (
  json: Effect.Effect<string, ArtifactError>
): Effect.Effect<StreamingTokenizer, StageFailed | ArtifactError> =>
  Effect.flatMap(json, (text) =>
    Effect.try({
      try: () => makeTokenizer(text),
      catch: (cause) =>
        cause instanceof TokenizerProblem
          ? stageFailed(`tokenizer.json: ${cause.message}`, cause.remedy)
          : stageFailed(
              "tokenizer.json: its parts do not fit together",
              "Give a model with a Hugging Face tokenizer.json."
            )
    })
  )
