/** A stage's own failure: what went wrong, whether trying again can help, and what to do. */
import * as Data from "effect/Data"

export class StageFailed extends Data.TaggedError("StageFailed")<{
  readonly problem: string
  /** What the person can do about it. */
  readonly remedy?: string
  /** True only where the same inputs may succeed next time. NaN or a wrong shape is never retryable. */
  readonly retryable: boolean
}> {
  override get message(): string {
    return this.remedy === undefined ? this.problem : `${this.problem}\n  ${this.remedy}`
  }
}

/** A failure that will be the same next time. */
export const stageFailed = (problem: string, remedy?: string): StageFailed =>
  new StageFailed({ problem, retryable: false, ...(remedy === undefined ? {} : { remedy }) })
