/** Everything that is wrong in an experiment, its pipeline and its `--set` assignments, at once. */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"
import { formatProblem } from "./problem.ts"
import type { Problem } from "./problem.ts"

export class SpecInvalid extends Data.TaggedError("SpecInvalid")<{
  readonly problems: ReadonlyArray<Problem>
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return this.problems.map(formatProblem).join("\n")
  }
}
