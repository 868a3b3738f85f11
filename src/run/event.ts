/**
 * What the executor tells the world: the terminal, `--json`, `events.ndjson` and tests all read these, and nothing else.
 * Every field is JSON. `id` is that of a stage instance; `at` is Unix time in milliseconds.
 */
import type { Metrics } from "../artifact/artifact.ts"
import type { Reason } from "../plan/explain.ts"
import type { ProgressReading, Reached } from "../execute/job.ts"

/** `interrupted`: it was running when the run was; what it has saved stays. */
export type StageStatus = "hit" | "ran" | "failed" | "skipped" | "interrupted"

export interface RunStarted {
  readonly type: "run-started"
  readonly at: number
  readonly run: string
  /** The experiment file, as the user wrote it. */
  readonly experiment: string
  /** Folder of the run: events, logs. */
  readonly directory: string
  readonly stages: ReadonlyArray<{
    readonly id: string
    readonly kind: string
    /** Ids of the stages that must be done first. */
    readonly needs: ReadonlyArray<string>
  }>
}

export interface StageWaiting {
  readonly type: "stage-waiting"
  readonly at: number
  readonly id: string
  /** For people: "a free slot", "gpu0, in use by sae[width=512]", "process 4711 on host a, which computes the same". */
  readonly for: string
}

export interface StageStarted {
  readonly type: "stage-started"
  readonly at: number
  readonly id: string
  readonly kind: string
  readonly key: string
  /** 1, 2, ... within this run. */
  readonly attempt: number
  /** "cpu", "gpu0", ...; "webgpu" where that engine computes. */
  readonly device: string
  /** True where a stage asks for a GPU and there is none: it runs on the CPU. */
  readonly gpuMissing: boolean
  /** An earlier, interrupted attempt left a checkpoint, and the stage goes on from there. */
  readonly resumes: boolean
  /** Why it runs. */
  readonly reasons: ReadonlyArray<Reason>
  /** Set where the result is known and only its bytes are wanted again: which stage needs them. */
  readonly restores: string | null
  readonly log: string
}

export interface StageProgress extends ProgressReading {
  readonly type: "stage-progress"
  readonly at: number
  readonly id: string
  /** Stages that are done in the same pass, itself included; absent: itself alone. */
  readonly together?: number
}

export interface StageLog {
  readonly type: "stage-log"
  readonly at: number
  readonly id: string
  readonly line: string
}

/** The run is being ended while the stage computes. What it has saved by then is there for the next run. */
export interface StageInterrupted {
  readonly type: "stage-interrupted"
  readonly at: number
  readonly id: string
  /** How far it had come. */
  readonly reached: Reached
  /** There is a checkpoint: the same command goes on from it. */
  readonly resumes: boolean
  /** What it goes on from; null where there is none, or where its stage does not say how far it comes. */
  readonly from: Reached
}

/** A failed attempt that is followed by another. */
export interface StageRetry {
  readonly type: "stage-retry"
  readonly at: number
  readonly id: string
  readonly attempt: number
  readonly problem: string
  /** Seconds until the next attempt. */
  readonly delay: number
}

/** Bytes that a stage needs are gone or differ from their digest (those are in quarantine now); `id` is their producer. */
export interface ArtifactLost {
  readonly type: "artifact-lost"
  readonly at: number
  readonly id: string
  readonly digest: string
  readonly reason: "missing" | "damaged"
  readonly path: string
  readonly neededBy: string
}

/** The same key gave other bytes than before. */
export interface StageNondeterministic {
  readonly type: "stage-nondeterministic"
  readonly at: number
  readonly id: string
  readonly key: string
  /** What the key stands for from now on. */
  readonly canonical: string
  readonly other: string
}

/** What computing a stage cost. */
export interface StageCost {
  readonly cpuSeconds: number
  /** Seconds times the GPUs that it held. */
  readonly gpuSeconds: number
  /** Bytes that its process held at most. */
  readonly peakMemory: number
}

/** Sums over stages. */
export interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly gpuSeconds: number
  /** Stages of which only the seconds are known: they failed, or their record is older than this account. */
  readonly unmeasured: number
}

/** How a stage ended; also a row of `run-finished`. */
export interface StageOutcome {
  readonly id: string
  readonly kind: string
  readonly status: StageStatus
  /** Null where it was never known. */
  readonly key: string | null
  readonly digest: string | null
  /** Spent in this run: 0 for a hit. */
  readonly seconds: number
  /** What a hit took when it was computed; null otherwise. */
  readonly savedSeconds: number | null
  /** Of this run, or what a hit cost when it was computed; null where it is not known. */
  readonly cost: StageCost | null
  readonly metrics: Metrics
  /** Ids of stages that failed, and whose results it was made without. */
  readonly leftOut: ReadonlyArray<string>
  /** Names of the metrics that its kind puts first: what a line has room for. */
  readonly headline: ReadonlyArray<string>
  readonly reasons: ReadonlyArray<Reason>
  /** Why it was skipped, what made it fail, or how far it was when it was interrupted; null otherwise. */
  readonly problem: string | null
  readonly log: string | null
}

export interface StageFinished extends StageOutcome {
  readonly type: "stage-finished"
  readonly at: number
}

export interface RunFinished {
  readonly type: "run-finished"
  readonly at: number
  readonly run: string
  readonly status: "done" | "failed" | "interrupted"
  readonly seconds: number
  /** What the stages that ran cost, and what the hits would have. */
  readonly cost: { readonly spent: Cost; readonly saved: Cost }
  readonly stages: ReadonlyArray<StageOutcome>
}

export type RunEvent =
  | RunStarted
  | StageWaiting
  | StageStarted
  | StageProgress
  | StageLog
  | StageInterrupted
  | StageRetry
  | ArtifactLost
  | StageNondeterministic
  | StageFinished
  | RunFinished
