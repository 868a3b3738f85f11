/**
 * Runs experiments from a program.
 *
 * @module sae-pipeline
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { executorLayer } from "../execute/by-name/executor-layer.ts"
import { readExperiment } from "../experiment/load-experiment.ts"
import { executorSettings, planSelected, runExperiment } from "../experiment/run-experiment.ts"
import type { Json } from "../json/canonical-json.ts"
import type { RunSelection } from "../plan/select-run.ts"
import type { RunEvent } from "../run/event.ts"
import { projectStore } from "../experiment/project-store.ts"
import type { EngineName } from "../tensor/engine-info.ts"
import { ensureEngine } from "../tensor/engine/ensure-engine.ts"

export { RunFailed } from "../experiment/run-experiment.ts"
export type { RunEvent, StageOutcome } from "../run/event.ts"
export type { RunResult } from "../run/run-options.ts"

/** As the flags of `pipeline run`. */
export interface RunOptions extends RunSelection {
  /** Values to change: `{ tokens: 50_000, "stages.sae[width=2048].with.k": 24 }`. */
  readonly set?: Readonly<Record<string, Json>>
  /** The artifact store. @default `PIPELINE_CACHE`, or `cache/` in the project */
  readonly cache?: string
  /** @default `PIPELINE_ENGINE`, or the best there is */
  readonly engine?: EngineName | "auto"
  /** Who runs the stages: `local`, `slurm`, `command`. @default what `executor: { use: ... }` says, or this machine */
  readonly executor?: string
  /** Stages side by side. @default the CPUs that this process may use */
  readonly jobs?: number
  /** After a failure, go on with what does not need the failed stage. @default false */
  readonly keepGoing?: boolean
  /** What happens, while it happens: stages that start, progress, results. */
  readonly onEvent?: (event: RunEvent) => void
}

/**
 * Runs what is missing of an experiment or pipeline file, as `pipeline run FILE` does: stages run in processes of their own,
 * and interrupting the effect ends them.
 *
 * Fails with `SpecInvalid` for what is wrong in the files, with `RunFailed` where a stage fails.
 *
 * @param file path of the YAML file, from the working folder
 * @returns every stage with its status, key, digest and metrics
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { run } from "sae-pipeline"
 *
 * const { stages } = await Effect.runPromise(run("experiments/quickstart.yaml", { set: { k: 24 } }))
 * for (const { id, metrics } of stages) console.log(id, metrics)
 * ```
 */
export const run = (file: string, options: RunOptions = {}) => runFile(file, options)

const runFile = Effect.fn("run")(function* (file: string, options: RunOptions) {
  const { set = {}, cache, engine = "auto", executor, jobs, keepGoing, onEvent = () => {}, ...selection } = options
  const experiment = yield* readExperiment({
    file,
    set: Object.entries(set).map(([path, value]) => `${path}=${JSON.stringify(value)}`),
    cache: Option.fromUndefinedOr(cache)
  })
  return yield* planSelected(experiment, selection).pipe(
    Effect.flatMap((planned) =>
      runExperiment(planned, {
        onEvent,
        engine: Effect.map(ensureEngine(engine), (decision) => decision.engine),
        ...(jobs === undefined ? {} : { jobs }),
        ...(keepGoing === undefined ? {} : { keepGoing })
      })
    ),
    Effect.provide(
      Layer.mergeAll(projectStore(experiment.project), executorLayer(executorSettings(experiment), executor))
    )
  )
})
