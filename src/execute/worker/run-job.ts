/**
 * Does one job, or several of one stage kind in one pass: opens the inputs, runs the stage, checks what came out and puts
 * it into the store. The same function in a worker's process and, for kinds that ask for it, in the head.
 */
import { closeSync, openSync, writeSync } from "node:fs"
import { hostname } from "node:os"
import { rm } from "node:fs/promises"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { fetchableSources } from "../../source/fetchable-sources.ts"
import { loadStageKind } from "../../catalog/stage-catalog.ts"
import { StageFailed } from "../../stage/stage-failed.ts"
import type { Progress } from "../../stage/progress.ts"
import type { InstanceContext, StageKind } from "../../stage/stage.ts"
import * as Wiring from "../../stage/wiring.ts"
import { openStore } from "../../store/by-name/open-store.ts"
import type { Store } from "../../store/store.ts"
import { watchOpened } from "../../file/opened-files.ts"
import { asUnwritable } from "../../file/unwritable.ts"
import type { EngineInfo } from "../../tensor/engine-info.ts"
import { artifactKinds } from "../../catalog/artifact-kinds.ts"
import { JobFailed } from "../executor.ts"
import type { Job, JobDone, JobFailure, JobLoss, LiveEvent, ResourceUse } from "../job.ts"
import { deviceMemoryLack } from "./device-memory.ts"
import { openInputs } from "./open-inputs.ts"
import { otherModels } from "./other-models.ts"
import { noEngine } from "./no-engine.ts"
import { makeProgressMeter } from "./progress-meter.ts"
import { makeResourceMeter } from "./resource-meter.ts"
import { runInstances } from "./run-instances.ts"
import type { StopRequest } from "./stop-request.ts"

const loadEngineFor = (job: Job) =>
  job.engine === null
    ? Effect.succeed(null)
    : Effect.flatMap(
        Effect.promise(() => import("../../tensor/engine/engine.ts")),
        ({ loadEngine }) => loadEngine(job.engine?.name ?? "auto", { threads: job.engine?.threads ?? 1 })
      )

const contextOf = Effect.fnUntraced(function* (
  job: Job,
  store: Store["Service"],
  kind: StageKind,
  engine: EngineInfo | null,
  emit: (event: LiveEvent) => void,
  log: (line: string) => void,
  watched: StopRequest["watched"],
  together: number
) {
  const inputs = yield* openInputs(store, kind, job.inputs)
  for (const line of otherModels(inputs)) log(`warning: ${line}`)
  const workspace = store.workspace(job.workspace)
  const output = yield* workspace.output(job.attempt)
  // Half an output is of use to nobody, and a full disk needs its room; checkpoints stay.
  yield* Effect.addFinalizer((exit) =>
    Exit.isSuccess(exit)
      ? Effect.void
      : Effect.promise(() => rm(output.directory, { recursive: true, force: true }).catch(() => {}))
  )
  const meter = makeProgressMeter(() => performance.now())
  const shared = together === 1 ? {} : { together }
  let last: Progress | undefined
  const progress = (report: Progress): void => {
    last = report
    const reading = meter(report)
    if (reading !== undefined) emit({ type: "progress", id: job.id, ...reading, ...shared })
  }
  const context: InstanceContext = {
    params: job.params,
    sources: fetchableSources(job.sources, { progress, log }),
    facts: job.facts,
    inputs,
    wired: Wiring.counts(Object.keys(kind.inputs), job.inputs),
    leftOut: job.leftOut,
    output,
    progress,
    log,
    checkpoint: watched(workspace.checkpoint({ everySeconds: job.checkpointSeconds, log }), () => {
      const at = last === undefined ? null : { done: last.done, total: last.total, unit: last.unit }
      return () => emit({ type: "checkpoint", id: job.id, at })
    }),
    engine: engine ?? noEngine,
    projectDirectory: job.projectDirectory,
    memory: job.memory
  }
  return context
})

/** Of a kind whose output a parameter names; instances of one pass have the same. */
const outputNamed = ({ output, projectDirectory }: Job) =>
  Effect.flatMap(artifactKinds(projectDirectory), ({ load }) => load(output))

const work = Effect.fn("work")(function* (
  jobs: ReadonlyArray<Job>,
  onLoss: (error: ArtifactError) => void,
  emit: (event: LiveEvent) => void,
  logOf: (job: Job) => (line: string) => void,
  { readUse, watched, watchFiles }: Required<RunJobsOptions>
) {
  const [first] = jobs as readonly [Job]
  const store = yield* openStore(first.store, { onLoss })
  const kind = yield* loadStageKind(first.file)
  const output = "fromParam" in kind.output ? yield* outputNamed(first) : kind.output
  const engine = yield* loadEngineFor(first)
  const contexts = yield* Effect.forEach(jobs, (job) =>
    contextOf(job, store, kind, engine, emit, logOf(job), watched, jobs.length)
  )
  // From here on the stage's own code runs; in the head others run beside it, and whose file it is cannot be told.
  const opened = watchFiles ? watchOpened(first.projectDirectory, [first.store.directory], first.programs) : undefined
  const results = yield* runInstances(store, kind, output, contexts).pipe(
    Effect.onError(() => Effect.sync(() => opened?.()))
  )
  const looked = opened === undefined ? {} : { opened: opened() }
  const pass = { engine, together: jobs.length, host: hostname(), use: readUse(), ...looked }
  return results.map(({ digest, metrics }): JobDone => ({ digest, metrics, ...pass }))
})

/** `place`: where the store is, for a refusal that names no file, as a write to one that is open does. */
const describe = (error: unknown, place: string): Pick<JobFailed, "problem" | "retryable"> => {
  if (error instanceof StageFailed) return { problem: error.message, retryable: error.retryable }
  if (error instanceof ArtifactError && error.reason === "unwritable") {
    return { problem: error.detail, retryable: false }
  }
  const refused = asUnwritable(error, place)
  if (refused !== undefined) return { problem: refused.message, retryable: false }
  return { problem: error instanceof Error ? error.message : String(error), retryable: false }
}

/** A stage that a larger GPU could do has not failed for good. */
const failureOf = (error: unknown, place: string): Omit<JobFailure, "type" | "losses"> => {
  const failure = describe(error, place)
  const lack = deviceMemoryLack(failure.problem)
  return lack === undefined ? failure : { ...failure, problem: `${failure.problem}\n${lack}`, ranOutOf: "vram" }
}

const digestsOf = (job: Job): ReadonlySet<string> =>
  new Set(
    Object.values(job.inputs)
      .flatMap(Wiring.items)
      .map(({ digest }) => digest)
  )

/** `context.log` and what went wrong: one line each in the stage's log. A full disk costs the line, not the stage. */
const openLog = (path: string): { readonly line: (text: string) => void; readonly close: () => void } => {
  let file: number | undefined
  const attempt = (run: () => void): void => {
    try {
      run()
    } catch {
      // Shown or not, the stage goes on.
    }
  }
  attempt(() => {
    file = openSync(path, "a")
  })
  return {
    line: (text) => attempt(() => file !== undefined && writeSync(file, `${text}\n`)),
    close: () => attempt(() => file !== undefined && closeSync(file))
  }
}

export interface RunJobsOptions {
  /** What this process used for the jobs. @default counted from the call on */
  readonly readUse?: () => ResourceUse
  /** Checkpoints as a process that may be told to stop has them. @default as the store gives them */
  readonly watched?: StopRequest["watched"]
  /** This process does nothing else: which files of the project are opened is looked at. @default false */
  readonly watchFiles?: boolean
}

export const runJobs = (
  jobs: ReadonlyArray<Job>,
  emit: (event: LiveEvent) => void,
  { readUse = makeResourceMeter("now"), watched = (checkpoint) => checkpoint, watchFiles = false }: RunJobsOptions = {}
): Effect.Effect<ReadonlyArray<JobDone>, JobFailed> =>
  Effect.suspend(() => {
    const inputs = new Set(jobs.flatMap((job) => [...digestsOf(job)]))
    const losses: Array<JobLoss> = []
    const onLoss = ({ reason, digest, path }: ArtifactError): void => {
      if ((reason === "missing" || reason === "damaged") && inputs.has(digest)) losses.push({ reason, digest, path })
    }
    const files = new Map(jobs.map((job) => [job, openLog(job.log)]))
    const logAll = (line: string): void => {
      for (const file of files.values()) file.line(line)
    }
    const logOf = (job: Job) => (line: string) => {
      files.get(job)?.line(line)
      emit({ type: "log", id: job.id, line })
    }
    return work(jobs, onLoss, emit, logOf, { readUse, watched, watchFiles }).pipe(
      Effect.scoped,
      Effect.exit,
      Effect.flatMap((exit): Effect.Effect<ReadonlyArray<JobDone>, JobFailed> => {
        if (Exit.isSuccess(exit)) return Effect.succeed(exit.value)
        if (Cause.hasInterruptsOnly(exit.cause)) return Effect.interrupt
        // Whatever the stage made of it, what it was given could not be read.
        const place = jobs[0]?.store.directory ?? ""
        const error = Cause.squash(exit.cause)
        // A full disk is nobody's mistake in the code: where it was met tells nothing.
        const isDefect = Cause.hasDies(exit.cause) && asUnwritable(error, place) === undefined
        if (isDefect && losses.length === 0) logAll(Cause.pretty(exit.cause))
        const failure = failureOf(error, place)
        if (losses.length === 0) logAll(failure.problem)
        return Effect.fail(new JobFailed({ ...failure, losses }))
      }),
      Effect.ensuring(Effect.sync(() => files.forEach((file) => file.close())))
    )
  })
