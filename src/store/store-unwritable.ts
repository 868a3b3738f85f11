/** The file system refused a write: no space, no permission, read-only. Nothing that was committed is lost by it. */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

export class StoreUnwritable extends Data.TaggedError("StoreUnwritable")<{
  readonly path: string
  /** `ENOSPC`, `EACCES`, ... */
  readonly code: string
  readonly problem: string
  readonly remedy: string
}> {
  readonly [Runtime.errorExitCode] = 1

  override get message(): string {
    return `${this.path}: ${this.problem} (${this.code})\n  ${this.remedy}`
  }
}
