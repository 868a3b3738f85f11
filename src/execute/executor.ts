/**
 * The port to what runs jobs: this machine, a cluster, a fake in tests. Our scheduler decides the order; an executor says when
 * a stage may compute, where, and runs its job there.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { MemoryEstimate } from "../plan/estimate-memory.ts"
import type { Resources } from "../stage/resources.ts"
import type { EngineName } from "../tensor/engine-info.ts"
import type { EngineUnavailable } from "../tensor/engine-unavailable.ts"
import type { Job, JobDone, JobFailure, JobLoss, LiveEvent } from "./job.ts"

export class JobFailed extends Data.TaggedError("JobFailed")<{
  readonly problem: string
  readonly retryable: boolean
  readonly losses: ReadonlyArray<JobLoss>
  /** With more of this, trying again can help, whatever `retryable` says. */
  readonly ranOutOf?: JobFailure["ranOutOf"]
  /** Bytes of it that the job was given, where that is not what the stage asked for. */
  readonly given?: number
}> {
  override get message(): string {
    return this.problem
  }
}

/** Settings with which an executor cannot work. */
export class ExecutorMisconfigured extends Data.TaggedError("ExecutorMisconfigured")<{ readonly problem: string }> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return this.problem
  }
}

/** What a stage asks for can never be had here. */
export class RequestUnmet extends Data.TaggedError("RequestUnmet")<{ readonly problem: string }> {
  override get message(): string {
    return this.problem
  }
}

/** The same, told before anything runs. */
export interface Unmet {
  /** Of the stage instance. */
  readonly id: string
  readonly resource: keyof Resources
  readonly problem: string
  /** What there is, in words, for whoever says himself what is asked for. */
  readonly most?: string
}

/** What a stage asks of a place to compute. */
export interface Demand {
  /** Of the stage instance: for people. */
  readonly id: string
  /** Name of the stage, which the instances of a matrix share. */
  readonly stage: string
  /** Places are given in this order among those that are asked for. */
  readonly order: number
  readonly kind: { readonly engine: boolean; readonly isolation: "process" | "pool" | "inline" }
  readonly resources: Resources
  readonly timeoutSeconds: number | undefined
}

export interface Placement {
  /** For people: "cpu", "gpu0". */
  readonly device: string
  /** How many GPUs it holds. */
  readonly gpus: number
  /** The stage asked for a GPU, and there is none that it could use. */
  readonly gpuMissing: boolean
  /** Bytes that one stage can have here at most, of one GPU and of the machine; null where nobody knows. */
  readonly largest: { readonly vram: number | null; readonly memory: number | null }
  readonly engine: Job["engine"]
  /** Jobs wait in a queue after `run` was called, and tell when they begin: their time limit counts from there. */
  readonly queues: boolean
  /** Results in the order of the jobs: all of them, or none. Interruption ends them; their checkpoints stay. */
  readonly run: (request: JobRequest) => Effect.Effect<ReadonlyArray<JobDone>, JobFailed>
}

export interface JobRequest {
  /** One; or several of one stage kind, which then does them in one pass. */
  readonly jobs: readonly [Job, ...ReadonlyArray<Job>]
  readonly onEvent: (event: JobEvent) => void
}

/** What is told while jobs are done; by an executor that has a queue of its own, too what they wait for, and that they begin. */
export type JobEvent =
  | LiveEvent
  | { readonly type: "waiting"; readonly id: string; readonly for: string }
  | { readonly type: "began"; readonly id: string }

/** Told what a stage waits for, in words for people. */
export type OnWait = (what: string) => void

export interface Place {
  /** Waits, and holds what the stage got until the scope ends. */
  readonly take: (onWait: OnWait) => Effect.Effect<Placement, EngineUnavailable | RequestUnmet, Scope.Scope>
  /** The stage does not compute, or not yet. */
  readonly withdraw: Effect.Effect<void>
}

/** What an executor is for one run. */
export interface Places {
  /** Takes a place in the queue at once: before anybody who becomes ready later is served. */
  readonly contend: (demand: Demand) => Effect.Effect<Place>
  /** How many engine stages like this one are computed at the same time. */
  readonly sideBySide: (demand: Demand) => Effect.Effect<number>
  /** Whether a GPU here is large enough for it: several stages are given one place only where it is. */
  readonly fits: (demand: Demand) => Effect.Effect<boolean>
}

export interface PlacesOptions {
  /** Stages side by side at most; undefined leaves it to the executor. */
  readonly jobs: number | undefined
  /** Evaluated at most once, when the first stage that needs an engine is about to run. */
  readonly engine: Effect.Effect<EngineName, EngineUnavailable>
  /** Id of the run, for whoever waits for us. */
  readonly run: string
  /** A folder on the disk that results are written to. */
  readonly directory: string
  /** What a stage may take that says nothing of its memory, by its name; undefined: nobody counts it. */
  readonly expectedMemory?: ((stage: string) => MemoryEstimate | undefined) | undefined
}

export class Executor extends Context.Service<
  Executor,
  {
    readonly places: (options: PlacesOptions) => Effect.Effect<Places>
    /** What of these demands no place here could ever give. `directory`: as in `PlacesOptions`. */
    readonly unmet: (
      demands: ReadonlyArray<Pick<Demand, "id" | "resources">>,
      directory: string
    ) => Effect.Effect<ReadonlyArray<Unmet>>
  }
>()("pipeline/Executor") {}
