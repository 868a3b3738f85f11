/** The lock file beside an experiment's file: read at plan time, written after a run. */
import { readFileSync } from "node:fs"
import { relative, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { writeAtomic } from "../file/atomic-write.ts"
import { formatLock } from "../lock/format-lock.ts"
import { type Lock, lockFileOf } from "../lock/lock.ts"
import { readLock, type ReadLock } from "../lock/read-lock.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"

const lockPath = (experimentFile: string): string => lockFileOf(resolve(experimentFile))

/** As messages name it. */
export const lockName = (experimentFile: string): string => relative(process.cwd(), lockPath(experimentFile))

const problemAt = (experimentFile: string, doing: string, cause: unknown): SpecInvalid => {
  const message = `it cannot be ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`
  return new SpecInvalid({ problems: [{ at: { file: lockName(experimentFile), line: 0, col: 0 }, path: "", message }] })
}

const textOf = (experimentFile: string): Effect.Effect<string | undefined, SpecInvalid> =>
  Effect.try({
    try: () => {
      try {
        return readFileSync(lockPath(experimentFile), "utf8")
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
        throw cause
      }
    },
    catch: (cause) => problemAt(experimentFile, "read", cause)
  })

/** Undefined where there is none. Fails with `SpecInvalid` where it is malformed, conflicting or of another version. */
export const readLockFile = (experimentFile: string): Effect.Effect<ReadLock | undefined, SpecInvalid> =>
  Effect.flatMap(textOf(experimentFile), (text) =>
    text === undefined
      ? Effect.succeed(undefined)
      : Effect.fromResult(readLock(lockName(experimentFile), text, experimentFile))
  )

/** True where the file is another now. */
export const writeLockFile = Effect.fn("writeLockFile")(function* (
  experimentFile: string,
  projectDirectory: string,
  lock: Lock
) {
  const text = formatLock(relative(projectDirectory, resolve(experimentFile)), lock)
  // What cannot be read is written anew.
  const before = yield* Effect.catch(textOf(experimentFile), () => Effect.succeed(undefined))
  if (text === before) return false
  yield* Effect.tryPromise({
    try: () => writeAtomic(lockPath(experimentFile), text),
    catch: (cause) => problemAt(experimentFile, "written", cause)
  })
  return true
})
