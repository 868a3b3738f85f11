/**
 * `pipeline diff A B`: two runs, two experiment files, or one of each; `pipeline diff FILE --set ...`: a file as it is, and with
 * these values. Parameters, sources and code from the records of the results; metrics beside the tolerances of their kinds.
 */
import * as Effect from "effect/Effect"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import type { Experiment } from "../../experiment/load-experiment.ts"
import { Store } from "../../store/store.ts"
import { compareSides } from "../compare/compare-sides.ts"
import { comparisonText } from "../compare/comparison-text.ts"
import { declaredMetrics } from "../compare/declared-metrics.ts"
import { sideOfExperiment, sideOfRun } from "../compare/read-side.ts"
import { findRun } from "../experiment/find-run.ts"
import { isFile } from "../experiment/is-file.ts"
import { projectHere } from "../experiment/project-here.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { DiffInput } from "../flags/flags.ts"

/** What is on each side, and which of them has `--set`. */
const sidesOf = ({ sides, set }: DiffInput): ReadonlyArray<readonly [string, ReadonlyArray<string>]> | string => {
  const [first, second, third] = sides
  if (first === undefined || third !== undefined) return "two runs, two files, or a file with --set are compared"
  const last = second ?? first
  if (set.length > 0 && !isFile(last)) return `--set changes a file, and ${last} is a run`
  if (second === undefined && set.length === 0) {
    return isFile(first)
      ? `what ${first} is compared with: a run, another file, or --set; \`pipeline plan\` compares it with its last results`
      : `what ${first} is compared with: another run, or a file`
  }
  return [
    [first, []],
    [last, set]
  ]
}

export const diff = Effect.fn("diff")(function* (input: DiffInput) {
  const named = sidesOf(input)
  if (typeof named === "string") return yield* new UsageError({ problem: named })
  const experiments = new Map<string, Experiment>()
  for (const [name, set] of named) {
    if (isFile(name)) experiments.set(JSON.stringify([name, set]), yield* readExperiment({ ...input, file: name, set }))
  }
  const project = [...experiments.values()][0]?.project ?? (yield* projectHere(input.cache))
  const read = Effect.fnUntraced(function* ([name, set]: (typeof named)[number]) {
    const experiment = experiments.get(JSON.stringify([name, set]))
    if (experiment !== undefined) return yield* sideOfExperiment(experiment, name, set)
    const store = yield* Store
    return yield* sideOfRun(yield* findRun(yield* store.runs, name, project.cache))
  })
  const [before, after] = yield* Effect.forEach(named, (side) => withStore(project, read(side)))
  if (before === undefined || after === undefined) return
  const kinds = new Set(after.stages.map(({ kind }) => kind))
  const comparison = compareSides(before, after, yield* declaredMetrics(project, kinds))
  process.stdout.write(`${input.json ? JSON.stringify(comparison) : comparisonText(comparison, input.all)}\n`)
})
