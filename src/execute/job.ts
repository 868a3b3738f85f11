/**
 * What a worker is told and what it answers: the one format between head and workers, over a pipe or a file, whether they are
 * local processes or stand on a cluster. All of it is JSON, decoded by whoever gets it; nothing of the environment is in it.
 */
import * as Schema from "effect/Schema"
import { AnyJson, JsonMap } from "../json/json-schema.ts"
import type { Wiring } from "../stage/wiring.ts"
import { StoreDescription } from "../store/store-description.ts"
import { EngineInfo, EngineName } from "../tensor/engine-info.ts"

export const JobArtifact = Schema.Struct({ digest: Schema.String, at: JsonMap })
export type JobArtifact = typeof JobArtifact.Type

const JobWiring: Schema.Codec<Wiring<JobArtifact>> = Schema.Union([
  Schema.Struct({ shape: Schema.Literal("one"), of: JobArtifact }),
  Schema.Struct({ shape: Schema.Literal("list"), of: Schema.Array(JobArtifact) }),
  Schema.Struct({
    shape: Schema.Literal("record"),
    of: Schema.Record(
      Schema.String,
      Schema.suspend((): Schema.Codec<Wiring<JobArtifact>> => JobWiring)
    )
  })
])

/** A source as it was resolved at plan time; the worker gives its files the means to be fetched. */
const JobSource = Schema.Struct({
  uri: Schema.String,
  name: Schema.String,
  digest: Schema.String,
  pin: Schema.optionalKey(Schema.String),
  licence: Schema.optionalKey(Schema.String),
  files: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      path: Schema.String,
      sha256: Schema.String,
      remote: Schema.optionalKey(Schema.Struct({ scheme: Schema.String, place: AnyJson }))
    })
  )
})

export const Job = Schema.Struct({
  /** Of the stage instance. */
  id: Schema.String,
  key: Schema.String,
  /** Absolute path of the module of the stage kind. */
  file: Schema.String,
  params: JsonMap,
  sources: Schema.Record(Schema.String, JobSource),
  /** What the kind's own `facts` found at plan time. */
  facts: JsonMap,
  inputs: Schema.Record(Schema.String, JobWiring),
  /** Ids of stages that failed, and whose results are not among the inputs. */
  leftOut: Schema.Array(Schema.String),
  /** Name of the artifact kind that has to come out. */
  output: Schema.String,
  store: StoreDescription,
  /** Where in the store this owner of the key works, and which attempt this is. */
  workspace: Schema.Struct({ key: Schema.String, epoch: Schema.Int }),
  attempt: Schema.Int,
  /** Checkpoints are at least so far apart. */
  checkpointSeconds: Schema.Finite,
  /** The file that gets what the stage prints and says. */
  log: Schema.String,
  /** Null for kinds that need no tensor engine. */
  engine: Schema.NullOr(Schema.Struct({ name: EngineName, threads: Schema.Int })),
  projectDirectory: Schema.String,
  /** Bytes that the file says the stage takes; null where it says nothing. */
  memory: Schema.NullOr(Schema.Finite),
  /** Whether what programs of the stage open is looked at. What the stage itself opens always is, where it has a process. */
  programs: Schema.Literals(["no", "if possible", "must"])
})
export type Job = typeof Job.Type

const JobLoss = Schema.Struct({
  reason: Schema.Literals(["missing", "damaged"]),
  digest: Schema.String,
  path: Schema.String
})
export type JobLoss = typeof JobLoss.Type

const Metrics = Schema.Record(Schema.String, Schema.Finite)

/** What a process used for one pass. */
export const ResourceUse = Schema.Struct({
  /** Of all threads, and of programs that have ended. */
  cpuSeconds: Schema.Finite,
  /** Bytes. */
  peakMemory: Schema.Int
})
export type ResourceUse = typeof ResourceUse.Type

/** What came out of one job. */
const JobDone = Schema.Struct({
  digest: Schema.String,
  metrics: Metrics,
  engine: Schema.NullOr(EngineInfo),
  /** Jobs that were done in the same pass, itself included. */
  together: Schema.Int,
  /** Name of the machine. */
  host: Schema.String,
  /** Of the whole pass. */
  use: ResourceUse,
  /** Files of the project that the pass read, by path below it; absent where nobody looked. */
  opened: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What the whole pass took; absent: as long as it was waited for. */
  seconds: Schema.optionalKey(Schema.Finite)
})
export type JobDone = typeof JobDone.Type

const ProgressReading = Schema.Struct({
  done: Schema.Finite,
  total: Schema.Finite,
  unit: Schema.String,
  /** Units per second over the last half minute; null while it is not known. */
  rate: Schema.NullOr(Schema.Finite),
  /** Seconds that remain; null while it is not known. */
  eta: Schema.NullOr(Schema.Finite),
  metrics: Metrics
})
export type ProgressReading = typeof ProgressReading.Type

/** How far a stage has come; null where it has not said. */
const Reached = Schema.NullOr(Schema.Struct({ done: Schema.Finite, total: Schema.Finite, unit: Schema.String }))
export type Reached = typeof Reached.Type

/** `id`: whose job of those that the worker was given. */
const LiveEvent = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("progress"),
    id: Schema.String,
    ...ProgressReading.fields,
    /** Stages that are done in the same pass, itself included; absent: itself alone. */
    together: Schema.optionalKey(Schema.Int)
  }),
  Schema.Struct({ type: Schema.Literal("log"), id: Schema.String, line: Schema.String }),
  /** A checkpoint is safe, from which the stage goes on there. */
  Schema.Struct({ type: Schema.Literal("checkpoint"), id: Schema.String, at: Reached })
])
export type LiveEvent = typeof LiveEvent.Type

/** In the order of the jobs. */
export const JobsDone = Schema.Struct({ type: Schema.Literal("done"), results: Schema.Array(JobDone) })
export const JobsFailed = Schema.Struct({
  type: Schema.Literal("failed"),
  problem: Schema.String,
  retryable: Schema.Boolean,
  /** Not the stage's fault: inputs that could not be read as they were. */
  losses: Schema.Array(JobLoss),
  /** What there was too little of. */
  ranOutOf: Schema.optionalKey(Schema.Literals(["vram", "memory"]))
})
export type JobFailure = typeof JobsFailed.Type

export const WorkerEvent = Schema.Union([
  LiveEvent,
  /** Told to stop, the worker has saved its checkpoints, and ends. */
  Schema.Struct({ type: Schema.Literal("stopped") }),
  JobsDone,
  JobsFailed
])
export type WorkerEvent = typeof WorkerEvent.Type

/** One line, or one file. */
export const JobsText = Schema.fromJsonString(Schema.NonEmptyArray(Job))
export const WorkerEventText = Schema.fromJsonString(WorkerEvent)
