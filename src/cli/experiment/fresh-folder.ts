/** What a command writes into a folder of the user's: whole, or not at all. */
import { existsSync, readdirSync, statSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { UsageError } from "./usage-error.ts"

const remove = async (directory: string, was: boolean): Promise<void> => {
  if (!was) return rm(directory, { recursive: true, force: true })
  for (const name of readdirSync(directory)) await rm(join(directory, name), { recursive: true, force: true })
}

/**
 * Lets `fill` write into a folder that is not there or empty; where it fails or is interrupted, what it wrote is removed.
 * @param shown the folder as the user named it
 */
export const intoFreshFolder = <A, E, R>(
  directory: string,
  shown: string,
  fill: Effect.Effect<A, E, R>
): Effect.Effect<A, E | UsageError, R> =>
  Effect.suspend((): Effect.Effect<A, E | UsageError, R> => {
    const was = existsSync(directory)
    if (was && (!statSync(directory).isDirectory() || readdirSync(directory).length > 0)) {
      return Effect.fail(new UsageError({ problem: `${shown} is not an empty folder; nothing was written` }))
    }
    return Effect.onError(fill, () => Effect.promise(() => remove(directory, was).catch(() => {})))
  })
