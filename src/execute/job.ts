/**
 * What a worker is told and what it answers: the one format between head and workers, whether they are local
 * processes or stand on a cluster. All of it is JSON; nothing of the environment is in it.
 */
import type { Metrics } from "../artifact/artifact.ts"
import type { Json } from "../json/canonical-json.ts"
import type { Coordinates } from "../stage/coordinates.ts"
import type { ResolvedSource } from "../stage/source.ts"
import type { Wiring } from "../stage/wiring.ts"
import type { EngineInfo, EngineName } from "../tensor/engine-info.ts"
import type { ProgressReading } from "./progress-meter.ts"

export interface JobArtifact {
  readonly digest: string
  readonly at: Coordinates
}

export interface Job {
  /** Of the stage instance. */
  readonly id: string
  readonly key: string
  /** Absolute path of the module of the stage kind. */
  readonly file: string
  readonly params: Readonly<Record<string, Json>>
  readonly sources: Readonly<Record<string, ResolvedSource>>
  /** What the kind's own `facts` found at plan time. */
  readonly facts: Readonly<Record<string, Json>>
  readonly inputs: Readonly<Record<string, Wiring<JobArtifact>>>
  /** Name of the artifact kind that has to come out. */
  readonly output: string
  readonly store: string
  /** A folder that does not exist yet, on the store's file system. */
  readonly outputDirectory: string
  readonly checkpoint: {
    /** Where this attempt saves. */
    readonly directory: string
    /** Where earlier owners of the key saved, latest first. */
    readonly earlier: ReadonlyArray<string>
    readonly everySeconds: number
  }
  readonly log: string
  /** Null for kinds that need no tensor engine. */
  readonly engine: { readonly name: EngineName; readonly threads: number } | null
  readonly projectDirectory: string
}

export interface JobLoss {
  readonly reason: "missing" | "damaged"
  readonly digest: string
  readonly path: string
}

/** What came out of one job. */
export interface JobDone {
  readonly digest: string
  readonly metrics: Metrics
  readonly engine: EngineInfo | null
  /** Jobs that were done in the same pass, itself included. */
  readonly together: number
}

/** `id`: whose job of those that the worker was given. */
export type WorkerEvent =
  | ({ readonly type: "progress"; readonly id: string } & ProgressReading)
  | { readonly type: "log"; readonly id: string; readonly line: string }
  /** In the order of the jobs. */
  | { readonly type: "done"; readonly results: ReadonlyArray<JobDone> }
  | {
      readonly type: "failed"
      readonly problem: string
      readonly retryable: boolean
      /** Not the stage's fault: inputs that could not be read as they were. */
      readonly losses: ReadonlyArray<JobLoss>
    }
