/** Bytes of a result that the store no longer has as they were, told with the command that makes them again. */
import * as Data from "effect/Data"
import { ArtifactError } from "../../artifact/artifact-error.ts"

export class ResultLost extends Data.TaggedError("ResultLost")<{
  readonly file: string
  /** Id of the stage instance. */
  readonly stage: string
  readonly cause: ArtifactError
}> {
  override get message(): string {
    return `${this.cause.message}\n\`pipeline run ${this.file} --force '${this.stage}'\` computes it again`
  }
}

/** For `Effect.mapError`: other errors stay what they are. */
export const resultLost =
  (file: string, stage: string) =>
  <E>(error: E): E | ResultLost =>
    error instanceof ArtifactError && (error.reason === "missing" || error.reason === "damaged")
      ? new ResultLost({ file, stage, cause: error })
      : error
