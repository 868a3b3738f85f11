/** The port to what runs jobs: local processes here, a cluster elsewhere, a fake in tests. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { Job, JobDone, JobLoss, WorkerEvent } from "./job.ts"

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
  /** One; or several of one stage kind, which then does them in one pass. */
  readonly jobs: readonly [Job, ...ReadonlyArray<Job>]
  readonly isolation: "process" | "pool" | "inline"
  /** Set for the worker's process, on top of what this process has. Never written anywhere. */
  readonly environment: Readonly<Record<string, string>>
  readonly onEvent: (event: Extract<WorkerEvent, { readonly type: "progress" | "log" }>) => void
}

export class Backend extends Context.Service<
  Backend,
  {
    /**
     * Results in the order of the jobs: all of them, or none. Interruption ends the jobs, with all processes that they
     * started; their checkpoints stay.
     */
    readonly run: (request: JobRequest) => Effect.Effect<ReadonlyArray<JobDone>, JobFailed>
  }
>()("pipeline/Backend") {}
