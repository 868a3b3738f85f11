/** Writes the lock after a run: all of it where that was asked for, else what the run has outdated in one that exists. */
import * as Effect from "effect/Effect"
import { compareResults, type Result } from "../lock/compare-results.ts"
import { changesOf, updateLock, type LockedResult } from "../lock/update-lock.ts"
import { someOf } from "../words/some-of.ts"
import { lockName, readLockFile, writeLockFile } from "./lock-file.ts"
import type { SelectedPlan } from "./run-experiment.ts"

/**
 * Lines for people. Nothing is written where no lock is wanted and there is none.
 *
 * @param results of a run that is done
 * @param all write every result, not only what is outdated
 */
export const keepLock = Effect.fn("keepLock")(function* (
  { experiment }: SelectedPlan,
  results: ReadonlyArray<Result>,
  all: boolean
) {
  const name = lockName(experiment.file)
  const lines: Array<string> = []
  const before = yield* readLockFile(experiment.file).pipe(
    Effect.map((read) => read?.lock),
    Effect.catch((error) => {
      if (!all) return Effect.fail(error)
      lines.push(`lock: ${name} could not be read, and is written anew`)
      return Effect.succeed(undefined)
    })
  )
  if (before === undefined && !all) return lines
  const locked = results.filter((result): result is LockedResult => result.record !== undefined)
  const known = new Set(experiment.compiled.graph.instances.map(({ id }) => id))
  const after = updateLock(before, locked, known, all ? "all" : "outdated")
  const writing = writeLockFile(experiment.file, experiment.project.directory, after)
  // The results are there: a folder that takes no files, such as that of an installed package, is no failure of the run.
  const written = yield* all ? writing : Effect.catch(writing, (error) => Effect.succeed(error.message))
  if (typeof written === "string") return [`lock: ${written}`]
  const changed = changesOf(before, after)
  if (before === undefined) lines.push(`lock: ${name} written, ${Object.keys(after.stages).length} stages`)
  else if (changed.length > 0) lines.push(`lock: ${name} brought up to date: ${someOf(changed)}`)
  else lines.push(written ? `lock: ${name} written` : `lock: ${name} is up to date`)
  for (const { id, result, because, metrics } of compareResults(after, results, known)) {
    if (result !== "differs") continue
    const out = metrics.filter(({ within }) => !within).map((each) => `${each.name} ${each.locked} -> ${each.now}`)
    lines.push(
      `lock: ${id} came out otherwise than locked (${[...because, ...out].join(", ")}); its entry stays: --lock takes this one`
    )
  }
  return lines
})
