/** A language model that cannot be used as it is. */
import * as Data from "effect/Data"
import { cutText } from "../../words/cut-text.ts"

/**
 * * `architecture`: the model is of a kind that is not implemented
 * * `config`: config.json lacks something or asks for a variant that is not implemented
 * * `weights`: a tensor is missing or has another shape than config.json says
 * * `tokenizer`: tokenizer.json cannot be read, or gives ids that the model does not know
 */
export class ModelError extends Data.TaggedError("ModelError")<{
  readonly reason: "architecture" | "config" | "weights" | "tokenizer"
  readonly problem: string
  /** Keys of config.json that are not known. */
  readonly keys?: ReadonlyArray<string>
  readonly remedy?: string
}> {
  override get message(): string {
    const problem = cutText(this.problem, 1500)
    return this.remedy === undefined ? problem : `${problem}\n  ${this.remedy}`
  }
}
