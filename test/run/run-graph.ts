/** Runs a graph of the tests' stage kinds in real workers, and collects what the executor tells. */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { afterAll } from "vitest"
import type { RunEvent } from "../../src/run/event.ts"
import { layer as localExecutor } from "../../src/execute/local/local-executor.ts"
import { run } from "../../src/run/run.ts"
import type { RunResult } from "../../src/run/run-options.ts"
import { layer as localStore } from "../../src/store/local/local-store.ts"
import { makeGraph, optionsFor } from "./experiment.ts"
import type { StageSpec, TestOptions } from "./experiment.ts"

export interface TestRun {
  readonly result: RunResult
  readonly events: ReadonlyArray<RunEvent>
  /** Instance id -> status. */
  readonly statuses: Readonly<Record<string, string>>
  readonly digests: Readonly<Record<string, string | null>>
}

/** Warm workers serve all runs of a test file: starting one takes longer than most of the stages here. */
const workers = ManagedRuntime.make(localExecutor())
afterAll(() => workers.dispose())

const runGraphEffect = (cache: string, specs: ReadonlyArray<StageSpec>, options: TestOptions = {}) => {
  const events: Array<RunEvent> = []
  return run(
    makeGraph(specs),
    optionsFor(specs, (event) => events.push(event), options)
  ).pipe(
    Effect.provide(localStore(cache)),
    Effect.map((result): TestRun => ({
      result,
      events,
      statuses: Object.fromEntries(result.stages.map(({ id, status }) => [id, status])),
      digests: Object.fromEntries(result.stages.map(({ id, digest }) => [id, digest]))
    }))
  )
}

export const runGraph = (cache: string, specs: ReadonlyArray<StageSpec>, options: TestOptions = {}): Promise<TestRun> =>
  workers.runPromise(runGraphEffect(cache, specs, options))
