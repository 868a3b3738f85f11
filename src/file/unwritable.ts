/** The file system refused a write: no space, no permission, read-only. Nothing that was committed is lost by it. */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

export class Unwritable extends Data.TaggedError("Unwritable")<{
  readonly path: string
  /** `ENOSPC`, `EACCES`, ... */
  readonly code: string
  readonly problem: string
  readonly remedy: string
}> {
  override readonly [Runtime.errorExitCode] = 1

  override get message(): string {
    return `${this.path}: ${this.problem} (${this.code})\n  ${this.remedy}`
  }
}

const known: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  ENOSPC: ["no space is left on the device", "Free some, or write elsewhere (the store: --cache); nothing was lost."],
  EDQUOT: ["the disk quota is used up", "Free some, or write elsewhere (the store: --cache); nothing was lost."],
  EFBIG: ["the file would be larger than is allowed here", "Raise the limit (ulimit -f); nothing was lost."],
  EACCES: ["permission denied", "Give yourself write permission there, or write elsewhere (the store: --cache)."],
  EPERM: ["operation not permitted", "Give yourself write permission there, or write elsewhere (the store: --cache)."],
  EROFS: ["the file system is read-only", "Mount it for writing, or write elsewhere (the store: --cache)."],
  EMFILE: ["too many files are open", "Raise the limit (ulimit -n), or run fewer stages at once with --jobs."],
  ENFILE: ["too many files are open on this machine", "Close some programs, or run fewer stages at once with --jobs."],
  EIO: ["the device reported an error", "Check the disk; `pipeline cache verify` tells what of the store is damaged."]
}

interface SystemError {
  readonly code: string
  readonly path?: string
}

const isSystemError = (cause: unknown): cause is SystemError =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string"

/** The error as a person can act on it, where `cause` is a refusal of the file system; else undefined. */
export const asUnwritable = (cause: unknown, path: string): Unwritable | undefined => {
  if (cause instanceof Unwritable) return cause
  if (!isSystemError(cause)) return undefined
  const words = known[cause.code]
  if (words === undefined) return undefined
  return new Unwritable({ path: cause.path || path, code: cause.code, problem: words[0], remedy: words[1] })
}

/** The same for writes, of which every failure is one: what is not known by its code is told in the system's words. */
export const unwritable =
  (path: string) =>
  (cause: unknown): Unwritable =>
    asUnwritable(cause, path) ??
    new Unwritable({
      path: isSystemError(cause) ? (cause.path ?? path) : path,
      code: isSystemError(cause) ? cause.code : "unknown",
      problem: cause instanceof Error ? cause.message : String(cause),
      remedy: "Check that the folder exists and can be written, or write elsewhere (the store: --cache)."
    })
