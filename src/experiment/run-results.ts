/** What came out of a run, beside what was planned of it: what is compared with a lock, and written into one. */
import * as Effect from "effect/Effect"
import type { Result } from "../lock/compare-results.ts"
import type { Plan } from "../plan/plan.ts"
import type { RunResult } from "../run/run-options.ts"
import type { ActionRecord } from "../store/action-record.ts"
import { Store } from "../store/store.ts"

/** In topological order. */
export const runResults = Effect.fn("runResults")(function* (
  { stages }: Plan<ActionRecord>,
  run: Pick<RunResult, "stages">
) {
  const store = yield* Store
  const planned = new Map(stages.map((stage) => [stage.instance.id, stage]))
  return yield* Effect.forEach(
    run.stages.filter(({ id }) => planned.has(id)),
    Effect.fnUntraced(function* ({ id, key, digest, problem }) {
      const { instance, facts, notes } = planned.get(id) as Plan<ActionRecord>["stages"][number]
      const record = key === null || digest === null ? undefined : yield* store.action(key)
      const result: Result = { instance, facts, notes, record, ...(problem === null ? {} : { problem }) }
      return result
    })
  )
})
