/** Refuses what a lock does not hold: before anything runs by keys, and afterwards by what came out. */
import * as Effect from "effect/Effect"
import { type Comparison, compareResults, type Result } from "../lock/compare-results.ts"
import { keyDifference } from "../lock/key-difference.ts"
import { KEY_FORMAT } from "../plan/key.ts"
import type { Location } from "../specification/location.ts"
import type { Problem } from "../specification/problem.ts"
import { Store } from "../store/store.ts"
import { LockDiffers } from "./lock-differs.ts"
import { lockName, readLockFile } from "./lock-file.ts"
import type { SelectedPlan } from "./run-experiment.ts"

const problemsOf = (at: Location, id: string, reasons: ReadonlyArray<string>): ReadonlyArray<Problem> =>
  reasons.map((message) => ({ at, path: `stages.${id}`, message }))

/** Each with what differs, and the metrics that moved furthest. */
const differing = (compared: ReadonlyArray<Comparison>, at: (id: string) => Location): ReadonlyArray<Problem> =>
  compared
    .filter(({ result }) => result === "differs" || result === "gone")
    .flatMap(({ id, because, metrics }) => {
      const out = metrics.filter(({ within }) => !within).map(({ name, locked, now }) => `${name} ${locked} -> ${now}`)
      return problemsOf(at(id), id, [[...because, ...out].join(", ")])
    })

const openLock = Effect.fnUntraced(function* (file: string) {
  const read = yield* readLockFile(file)
  const whole: Location = { file: lockName(file), line: 0, col: 0 }
  const differs = (problems: ReadonlyArray<Problem>) => new LockDiffers({ experiment: file, problems })
  if (read === undefined) return yield* differs([{ at: whole, path: "", message: "there is no lock file" }])
  const { key_format } = read.lock
  if (key_format === KEY_FORMAT) return read
  const message = `it is of key format ${key_format}, and keys are of format ${KEY_FORMAT} now`
  return yield* differs([{ at: whole, path: "key_format", message }])
})

/** Before anything runs. */
export const checkFrozen = Effect.fn("checkFrozen")(function* ({ plan, experiment }: SelectedPlan) {
  const store = yield* Store
  const { lock, at } = yield* openLock(experiment.file)
  const problems: Array<Problem> = []
  for (const stage of plan.stages) {
    const { id } = stage.instance
    const locked = lock.stages[id]
    const record = locked === undefined ? undefined : yield* store.action(locked.key)
    problems.push(...problemsOf(at(id), id, keyDifference(lock, stage, record)))
  }
  const hits = plan.stages.filter(({ action }) => action === "hit")
  const known = new Set(experiment.compiled.graph.instances.map(({ id }) => id))
  const told = new Set(problems.map(({ path }) => path))
  const compared = compareResults(
    lock,
    hits.map(({ instance, facts, notes, found }): Result => ({ instance, facts, notes, record: found })),
    known
  )
  problems.push(...differing(compared, at).filter(({ path }) => !told.has(path)))
  if (problems.length > 0) return yield* new LockDiffers({ experiment: experiment.file, problems })
})

/** After a run. */
export const checkFrozenResults = Effect.fn("checkFrozenResults")(function* (
  { experiment }: SelectedPlan,
  results: ReadonlyArray<Result>
) {
  const { lock, at } = yield* openLock(experiment.file)
  const known = new Set(experiment.compiled.graph.instances.map(({ id }) => id))
  const problems = differing(compareResults(lock, results, known), at)
  if (problems.length > 0) return yield* new LockDiffers({ experiment: experiment.file, problems })
})
