/** Results for a table: those of an experiment as its files are now, or those of all its runs. */
import * as Effect from "effect/Effect"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import type { Experiment } from "../../experiment/load-experiment.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import { Store } from "../../store/store.ts"
import { readEvents } from "../../run/read-events.ts"
import { runState } from "../../run/run-state.ts"
import type { Result } from "./result.ts"

/** Each with those that it takes from: they stand before it. */
const linked = <R extends Omit<Result, "needs">>(
  rows: ReadonlyArray<readonly [R, ReadonlyArray<string>]>
): ReadonlyArray<Result> => {
  const byId = new Map<string, Result>()
  for (const [row, needs] of rows) byId.set(row.id, { ...row, needs: needs.flatMap((id) => byId.get(id) ?? []) })
  return [...byId.values()]
}

export const resultsNow = Effect.fn("resultsNow")(function* (experiment: Experiment) {
  const { plan } = yield* planExperiment(experiment)
  return linked(
    plan.stages.map(({ instance, found, action, manifest }) => [
      {
        id: instance.id,
        stage: instance.stage,
        at: instance.at,
        run: null,
        key: action === "hit" ? found?.key : undefined,
        metrics: action === "hit" ? (found?.metrics ?? {}) : {},
        params: instance.params,
        manifest
      },
      instance.needs
    ])
  )
})

/** What runs of the experiment gave, with the metrics that they saw. Runs that computed or found nothing are not there. */
export const resultsOfRuns = Effect.fn("resultsOfRuns")(function* (experiment: string) {
  const store = yield* Store
  const records = new Map<string, ActionRecord | undefined>()
  const recordOf = Effect.fnUntraced(function* (key: string) {
    if (!records.has(key)) records.set(key, yield* store.action(key))
    return records.get(key)
  })
  const all: Array<Result> = []
  for (const run of (yield* store.runs).toReversed()) {
    if (run.experiment !== experiment) continue
    const { stages } = runState(yield* readEvents(run))
    const rows: Array<readonly [Omit<Result, "needs">, ReadonlyArray<string>]> = []
    for (const { id, stage, at, needs } of run.instances) {
      const outcome = stages.get(id)?.outcome
      if (outcome === undefined || outcome.key === null || outcome.digest === null) continue
      const { key, metrics } = outcome
      const manifest = (yield* recordOf(key))?.manifest
      rows.push([{ id, stage, at, run: run.id, key, metrics, params: manifest?.params ?? {}, manifest }, needs])
    }
    all.push(...linked(rows))
  }
  return all
})
