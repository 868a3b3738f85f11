/** What can go wrong when an artifact is read or written. */
import * as Data from "effect/Data"
import { cutText } from "../words/cut-text.ts"

/**
 * * `missing`: a blob that the artifact lists is not in the store (its producer has to run again)
 * * `damaged`: bytes differ from their digest (the blob is quarantined, its producer runs again)
 * * `invalid`: the files are intact but are not what the artifact kind says
 * * `unwritable`: the file system refused (no space, no permission)
 */
export class ArtifactError extends Data.TaggedError("ArtifactError")<{
  readonly reason: "missing" | "damaged" | "invalid" | "unwritable"
  /** Digest of the artifact, or "" while one is being written. */
  readonly digest: string
  readonly path: string
  readonly detail: string
  /** sha256 of the blob concerned, where it is known. */
  readonly blob?: string
}> {
  override get message(): string {
    // Names of tensors, tokens and keys of any length stand in it.
    const detail = cutText(this.detail, 1500)
    // Of all files together: there is no name to begin with.
    if (this.path === "." && this.digest === "") return detail
    const where = this.digest === "" ? this.path : `${this.path} of artifact ${this.digest.slice(0, 12)}`
    return `${where} is ${this.reason}: ${detail}`
  }
}
