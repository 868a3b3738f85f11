/** Whatever reading documents rejected with, as the failure of a stage. */
import { stageFailed, StageFailed } from "../../stage/stage-failed.ts"
import type { ResolvedSource } from "../../stage/source.ts"
import { cutText } from "../../words/cut-text.ts"
import { TokenizerProblem } from "../tokenizer/tokenizer-problem.ts"
import { DocumentProblem } from "./document-file.ts"

/** Names of fields and values of any length stand in a message. */
const longest = 1000

export const documentFailure =
  (source: Pick<ResolvedSource, "uri">) =>
  (error: unknown): StageFailed => {
    if (error instanceof StageFailed) return error
    if (error instanceof DocumentProblem || error instanceof TokenizerProblem)
      return stageFailed(`source ${source.uri}: ${cutText(error.message, longest)}`, error.remedy)
    return stageFailed(
      `source ${source.uri}: ${cutText(error instanceof Error ? error.message : String(error), longest)}`
    )
  }
