/** A source that cannot be had: what is wrong with it and what to do. Shown with the line that names the source. */
import * as Data from "effect/Data"

export class SourceMissing extends Data.TaggedError("SourceMissing")<{
  readonly uri: string
  readonly problem: string
  readonly remedy: string
}> {
  override get message(): string {
    return `source ${this.uri}: ${this.problem}; ${this.remedy}`
  }
}
