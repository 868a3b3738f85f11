/** An experiment beside a run or another file, as a page shows it (`--against`). */
import * as Effect from "effect/Effect"
import { type Experiment, readExperiment } from "../../experiment/load-experiment.ts"
import type { RunComparison } from "../../report/page/run-comparison.ts"
import { Store } from "../../store/store.ts"
import { findRun } from "../experiment/find-run.ts"
import { isFile } from "../experiment/is-file.ts"
import { type Comparison, compareSides } from "./compare-sides.ts"
import { madeChanges, oneSeedText, shownMetrics, toleranceText } from "./comparison-text.ts"
import { declaredMetrics } from "./declared-metrics.ts"
import { sideOfExperiment, sideOfRun } from "./read-side.ts"

export const runComparison = (comparison: Comparison): RunComparison => {
  const { before, after, onlyBefore, onlyAfter, stages, overSeeds } = comparison
  const of = (same: boolean | null): number => stages.filter(({ sameBytes }) => sameBytes === same).length
  return {
    before,
    after,
    onlyBefore,
    onlyAfter,
    changes: madeChanges(comparison),
    metrics: stages.flatMap((stage) =>
      shownMetrics(stage, false).map((metric) => ({ ...metric, stage: stage.id, verdict: toleranceText(metric) }))
    ),
    overSeeds: overSeeds
      .filter(({ difference }) => difference !== 0)
      .map(({ id, name, before: first, after: second, noise }) => ({
        stage: id,
        name,
        before: first.value,
        after: second.value,
        beforeInterval: first,
        afterInterval: second,
        noise,
        verdict: `${first.seeds} and ${second.seeds} seeds`
      })),
    oneSeed: oneSeedText(comparison) ?? null,
    same: of(true),
    others: of(false),
    unknown: of(null)
  }
}

/**
 * @param name a run, or a file
 * @param input of the command: the cache, and what else reading a file takes
 */
export const compareAgainst = Effect.fn("compareAgainst")(function* (
  name: string,
  experiment: Experiment,
  input: Parameters<typeof readExperiment>[0]
) {
  const store = yield* Store
  const before = isFile(name)
    ? yield* sideOfExperiment(yield* readExperiment({ ...input, file: name, set: [] }), name, [])
    : yield* sideOfRun(yield* findRun(yield* store.runs, name, experiment.project.cache))
  const after = yield* sideOfExperiment(experiment, input.file, input.set)
  const kinds = new Set(after.stages.map(({ kind }) => kind))
  return runComparison(compareSides(before, after, yield* declaredMetrics(experiment.project, kinds)))
})
