/** The lock file beside an experiment's file: read at plan time, written after a run. */
import { readFileSync } from "node:fs"
import { relative, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { writeAtomic } from "../file/atomic-write.ts"
import { type Unwritable, unwritable } from "../file/unwritable.ts"
import { formatLock } from "../lock/format-lock.ts"
import { type Lock, lockFileOf } from "../lock/lock.ts"
import { readLock, type ReadLock } from "../lock/read-lock.ts"
import type { SpecInvalid } from "../specification/spec-invalid.ts"

export const lockPath = (experimentFile: string): string => lockFileOf(resolve(experimentFile))

/** As messages name it. */
export const lockName = (experimentFile: string): string => relative(process.cwd(), lockPath(experimentFile))

const textAt = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  }
}

/** Undefined where there is none. Fails with `SpecInvalid` where it is malformed, conflicting or of another version. */
export const readLockFile = (experimentFile: string): Effect.Effect<ReadLock | undefined, SpecInvalid> =>
  Effect.suspend(() => {
    const text = textAt(lockPath(experimentFile))
    if (text === undefined) return Effect.succeed(undefined)
    return Effect.fromResult(readLock(lockName(experimentFile), text, experimentFile))
  })

/** True where the file is another now. */
export const writeLockFile = (
  experimentFile: string,
  projectDirectory: string,
  lock: Lock
): Effect.Effect<boolean, Unwritable> =>
  Effect.tryPromise({
    try: async () => {
      const text = formatLock(relative(projectDirectory, resolve(experimentFile)), lock)
      if (text === textAt(lockPath(experimentFile))) return false
      await writeAtomic(lockPath(experimentFile), text)
      return true
    },
    catch: unwritable(lockPath(experimentFile))
  })
