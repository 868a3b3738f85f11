import * as Data from "effect/Data"

/** An engine that cannot be had in this process. `reason` says what is wrong and where, `fix` what to do about it. */
export class EngineUnavailable extends Data.TaggedError("EngineUnavailable")<{
  readonly engine: string
  readonly reason: string
  readonly fix: string
}> {
  override get message() {
    return `engine ${this.engine} is not available: ${this.reason}. ${this.fix}`
  }
}
