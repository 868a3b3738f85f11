/** A frozen run met what its lock does not hold: exit code 3. */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"
import { formatProblem, type Problem } from "../specification/problem.ts"

export class LockDiffers extends Data.TaggedError("LockDiffers")<{
  /** As the commands name it. */
  readonly experiment: string
  readonly problems: ReadonlyArray<Problem>
}> {
  override readonly [Runtime.errorExitCode] = 3
  override get message(): string {
    const remedy = `\`pipeline run ${this.experiment} --lock\` locks what the files say now`
    return [...this.problems.map(formatProblem), `--frozen: the lock differs; ${remedy}`].join("\n")
  }
}
