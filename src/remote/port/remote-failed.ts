/** A remote place could not do what was asked. No field ever holds a credential. */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

export class RemoteFailed extends Data.TaggedError("RemoteFailed")<{
  /**
   * * `unreachable`: nobody answers, after a few tries
   * * `refused`: the credentials are missing, wrong, or do not allow it
   * * `unknown`: there is no such place
   * * `unfit`: it cannot do what is needed, or what it holds is not what it should be
   */
  readonly reason: "unreachable" | "refused" | "unknown" | "unfit"
  readonly place: string
  readonly problem: string
  readonly remedy: string
}> {
  /** A place that is set up wrongly is a wrong file; one that is silent is a failure of the run. */
  override readonly [Runtime.errorExitCode] = this.reason === "unreachable" ? 1 : 2

  override get message(): string {
    return `${this.place}: ${this.problem}\n  ${this.remedy}`
  }
}
