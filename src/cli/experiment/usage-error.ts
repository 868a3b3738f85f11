/** What was asked for cannot be: exit code 2. */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

export class UsageError extends Data.TaggedError("UsageError")<{ readonly problem: string }> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return this.problem
  }
}
