/** The port to what runs jobs: local processes here, a cluster elsewhere, a fake in tests. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { Metrics } from "../artifact/artifact.ts"
import type { EngineInfo } from "../tensor/engine.ts"
import type { Job, JobLoss, WorkerEvent } from "./job.ts"

export interface JobDone {
  readonly digest: string
  readonly metrics: Metrics
  readonly engine: EngineInfo | null
}

export class JobFailed extends Data.TaggedError("JobFailed")<{
  readonly problem: string
  readonly retryable: boolean
  readonly losses: ReadonlyArray<JobLoss>
}> {
  override get message(): string {
    return this.problem
  }
}

export interface JobRequest {
  readonly job: Job
  readonly isolation: "process" | "pool" | "inline"
  /** Set for the worker's process, on top of what this process has. Never written anywhere. */
  readonly environment: Readonly<Record<string, string>>
  readonly onEvent: (event: Extract<WorkerEvent, { readonly type: "progress" | "log" }>) => void
}

export class Backend extends Context.Service<
  Backend,
  {
    /** Interruption ends the job, with all processes that it started; its checkpoint stays. */
    readonly run: (request: JobRequest) => Effect.Effect<JobDone, JobFailed>
  }
>()("pipeline/Backend") {}
