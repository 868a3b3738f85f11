/** Runs a planned experiment on this machine, with the project's store: what `pipeline run` and `run` of the package share. */
import { existsSync } from "node:fs"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { type ExecutorSettings, mergeSettings } from "../specification/executor-settings.ts"
import { notHit, selectRun } from "../plan/select-run.ts"
import type { RunSelection, SelectedRun } from "../plan/select-run.ts"
import type { FirstCause, RunRequest, RunResult } from "../run/run-options.ts"
import { run } from "../run/run.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { checkResources } from "./check-resources.ts"
import { planExperiment } from "./plan-experiment.ts"
import type { Experiment } from "./load-experiment.ts"
import type { Planned } from "./plan-experiment.ts"

/** Where there is one: what failed before it began has none. */
const logLine = (log: string | null): ReadonlyArray<string> =>
  log !== null && existsSync(log) ? [`  log: ${log}`] : []

/** A stage failed; the first that did is told, with the end of its log. */
export class RunFailed extends Data.TaggedError("RunFailed")<{
  readonly cause: FirstCause
  readonly result: RunResult
}> {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    const { id, problem, log, tail } = this.cause
    const others = this.result.stages.filter((stage) => stage.status === "failed" && stage.id !== id)
    const lines = tail.filter((line) => line.trim() !== "" && !problem.includes(line.trim()))
    return [
      ...others.flatMap(({ id, problem, log }) => ["", `${id} failed: ${problem}`, ...logLine(log)]),
      "",
      `${id} failed: ${problem}`,
      ...lines.map((line) => `  | ${line}`),
      ...logLine(log)
    ].join("\n")
  }
}

export interface SelectedPlan extends Planned {
  readonly experiment: Experiment
  readonly selected: SelectedRun
}

/** Plans what is selected; fails where what `only` leaves out is no hit, or what a stage asks for cannot be had. */
export const planSelected = Effect.fn("planSelected")(function* (
  experiment: Experiment,
  selection: RunSelection,
  lock: "use" | "ignore" = "use"
) {
  const selected = yield* Effect.fromResult(selectRun(experiment.compiled.graph, selection))
  const planned = yield* planExperiment(experiment, { ...selected, lock })
  const problems = notHit(planned.plan, selected, selection.only ?? [])
  if (problems.length > 0) return yield* new SpecInvalid({ problems })
  yield* checkResources(planned.plan, experiment.project.cache)
  const result: SelectedPlan = { ...planned, experiment, selected }
  return result
})

/** What the experiment says of who runs its jobs goes before what the project says. */
export const executorSettings = ({ project, compiled }: Experiment): ExecutorSettings =>
  mergeSettings(project.config.executor ?? {}, compiled.executor)

export const runExperiment = Effect.fn("runExperiment")(function* (
  { experiment, selected, setupOf, changedSincePlan, expectedMemory }: SelectedPlan,
  options: Pick<RunRequest, "onEvent" | "engine" | "keepGoing" | "strict" | "jobs">
) {
  const result = yield* run(experiment.compiled.graph, {
    projectDirectory: experiment.project.directory,
    experiment: experiment.name,
    setupOf,
    changedSincePlan,
    expectedMemory,
    ...selected,
    ...options
  })
  if (result.firstCause !== undefined) return yield* new RunFailed({ cause: result.firstCause, result })
  return result
})
