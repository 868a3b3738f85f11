/** Reads what is compared: a run from the store, an experiment from its files and the store. */
import * as Effect from "effect/Effect"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import type { Experiment } from "../../experiment/load-experiment.ts"
import { KEY_FORMAT } from "../../plan/key.ts"
import { madeOf, sourceAt } from "../../plan/explain.ts"
import type { RunSummary } from "../../store/run-record.ts"
import { Store } from "../../store/store.ts"
import { readEvents } from "../../run/read-events.ts"
import { runState } from "../../run/run-state.ts"
import type { Side, SideStage } from "./side.ts"

const nowhere = (): null => null

/** Metrics and digests as the run had them, whatever the keys stand for now. */
export const sideOfRun = Effect.fn("sideOfRun")(function* (run: RunSummary) {
  const store = yield* Store
  const { started, stages } = runState(yield* readEvents(run))
  const kinds = new Map(started?.stages.map(({ id, kind }) => [id, kind]))
  const read = Effect.fnUntraced(function* ({ id, stage }: RunSummary["instances"][number]) {
    const known = stages.get(id)
    const outcome = known?.outcome
    const action = known?.key === undefined || known.key === null ? undefined : yield* store.action(known.key)
    const result: SideStage = {
      id,
      stage,
      kind: kinds.get(id) ?? outcome?.kind ?? "",
      digest: outcome?.digest ?? undefined,
      metrics: outcome?.metrics ?? {},
      made: action === undefined ? undefined : madeOf(action),
      writtenAt: nowhere
    }
    return result
  })
  const side: Side = {
    name: `${run.id} (${run.experiment})`,
    stages: yield* Effect.forEach(run.instances, read, { concurrency: 8 })
  }
  return side
})

export const sideOfExperiment = Effect.fn("sideOfExperiment")(function* (
  experiment: Experiment,
  file: string,
  set: ReadonlyArray<string>
) {
  const { plan } = yield* planExperiment(experiment)
  const side: Side = {
    name: [file, ...set.map((each) => `--set ${each}`)].join(" "),
    stages: plan.stages.map(({ instance, facts, notes, manifest, found }) => ({
      id: instance.id,
      stage: instance.stage,
      kind: instance.kind.name,
      digest: found?.digest,
      metrics: found?.metrics ?? {},
      made: {
        format: KEY_FORMAT,
        kind: instance.kind.name,
        params: instance.params,
        facts,
        notes,
        inputs: manifest?.inputs
      },
      writtenAt: (path) => sourceAt(instance, path)
    }))
  }
  return side
})
