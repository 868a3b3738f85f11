/** Computes an experiment again in a store that holds nothing, and compares what comes out with its lock. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { executorLayer } from "../execute/by-name/executor-layer.ts"
import { type Comparison, compareResults } from "../lock/compare-results.ts"
import type { Lock } from "../lock/lock.ts"
import type { RunRequest } from "../run/run-options.ts"
import { onCommandLine } from "../specification/location.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { layer as localStore } from "../store/local/local-store.ts"
import type { Experiment } from "./load-experiment.ts"
import { lockName, readLockFile } from "./lock-file.ts"
import { planSelected, runExperiment } from "./run-experiment.ts"
import { runResults } from "./run-results.ts"

export interface ReproduceOptions extends Pick<RunRequest, "onEvent" | "engine" | "jobs"> {
  /** These and what they need. All without it. */
  readonly stages: ReadonlyArray<string>
  /** A folder that is not there, or empty: it is kept. Without it one that is removed afterwards. */
  readonly cache: string | undefined
}

const invalid = (at: string, message: string): SpecInvalid =>
  new SpecInvalid({ problems: [{ at: onCommandLine(at), path: "", message }] })

/** A result that is there would be taken for one that was computed. */
const freshStore = (cache: string | undefined) =>
  cache === undefined
    ? Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "pipeline-reproduce-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
      )
    : Effect.suspend(() => {
        const folder = resolve(cache)
        mkdirSync(folder, { recursive: true })
        if (readdirSync(folder).length === 0) return Effect.succeed(folder)
        return Effect.fail(
          invalid(`--cache ${cache}`, "it is not empty, and everything is to be computed anew: name another")
        )
      })

/** The number of threads decides how sums are split, so it is that of the lock, unless a person has set one. */
const useThreadsOf = ({ stages }: Lock): void => {
  const counts = new Set(
    Object.values(stages).flatMap(({ engine }) => (engine?.name === "tensorflow" ? [engine.threads] : []))
  )
  const [threads] = counts
  if (counts.size === 1 && threads !== undefined) process.env["PIPELINE_THREADS"] ||= String(threads)
}

export const reproduce = Effect.fn("reproduce")(function* (experiment: Experiment, options: ReproduceOptions) {
  const { file } = experiment
  const read = yield* readLockFile(file)
  if (read === undefined) {
    return yield* invalid(
      lockName(file),
      `there is no lock to compare with: \`pipeline run ${file} --lock\` writes one`
    )
  }
  const { lock } = read
  useThreadsOf(lock)
  const folder = yield* freshStore(options.cache)
  const project = { ...experiment.project, cache: folder }
  const computed = Effect.gen(function* () {
    const planned = yield* planSelected({ ...experiment, project }, { stages: options.stages })
    const { onEvent, engine, jobs } = options
    const run = yield* runExperiment(planned, {
      onEvent,
      engine,
      keepGoing: true,
      ...(jobs === undefined ? {} : { jobs })
    }).pipe(
      // What failed is a row of the table.
      Effect.catchTag("RunFailed", ({ result }) => Effect.succeed(result))
    )
    const results = yield* runResults(planned.plan, run)
    const wanted = new Set(results.map(({ instance }) => instance.id))
    const known = new Set(experiment.compiled.graph.instances.map(({ id }) => id))
    // With --stages only these are looked at, and what the lock alone holds is of the whole.
    return compareResults(
      lock,
      results,
      options.stages.length === 0 ? known : new Set([...known, ...Object.keys(lock.stages), ...wanted])
    )
  })
  const compared: ReadonlyArray<Comparison> = yield* computed.pipe(
    Effect.provide(Layer.mergeAll(localStore(folder), executorLayer({}, "local")))
  )
  return compared
}, Effect.scoped)
