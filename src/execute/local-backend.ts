/** Jobs on this machine: in a process of their own, in a warm worker that is used again, or in the head itself. */
import { mkdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { asUnwritable } from "../store/store-unwritable.ts"
import { Backend, JobFailed } from "./backend.ts"
import type { JobRequest } from "./backend.ts"
import { startWorker } from "./worker-process.ts"
import type { WorkerProcess } from "./worker-process.ts"

/** Beside the output, in the workspace of the key's owner. */
const writeJobFile = ({ jobs }: JobRequest): Effect.Effect<string, JobFailed> => {
  const path = join(dirname(jobs[0].outputDirectory), "job.json")
  return Effect.tryPromise({
    try: async () => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, JSON.stringify(jobs))
      return path
    },
    catch: (cause) =>
      new JobFailed({ problem: asUnwritable(cause, path)?.message ?? String(cause), retryable: false, losses: [] })
  })
}

/** What a job needs is loaded with the first one: a run of hits has none. */
const runInHead = ({ jobs, onEvent }: JobRequest) =>
  Effect.flatMap(
    Effect.promise(() => import("./run-job.ts")),
    ({ runJobs }) => runJobs(jobs, onEvent)
  )

const runInProcess = (request: JobRequest) =>
  Effect.acquireUseRelease(
    Effect.flatMap(writeJobFile(request), (jobFile) =>
      startWorker({ jobFile, environment: request.environment, log: request.jobs[0].log })
    ),
    (worker) => worker.job(request.onEvent),
    // One that has answered has nothing left to do: taking an engine down in good order costs up to a second.
    (worker, exit) => worker.end(Exit.hasInterrupts(exit) ? "gently" : "at once")
  )

interface Idle {
  readonly worker: WorkerProcess
  /** Workers differ by what their process was started with. */
  readonly use: string
}

const make = Effect.gen(function* () {
  let idle: ReadonlyArray<Idle> = []
  yield* Effect.addFinalizer(() =>
    Effect.forEach(idle, ({ worker }) => worker.end("at once"), { concurrency: "unbounded", discard: true })
  )

  const takeWorker = (use: string, request: JobRequest) =>
    Effect.suspend(() => {
      const found = idle.find((candidate) => candidate.use === use && candidate.worker.alive())
      idle = idle.filter((candidate) => candidate !== found && candidate.worker.alive())
      if (found !== undefined) return Effect.succeed(found.worker)
      // Its stdout outlives the job that it is started for; what stages report goes to their own logs.
      return startWorker({ environment: request.environment, log: join(dirname(request.jobs[0].log), "workers.log") })
    })

  const runInPool = (request: JobRequest) => {
    const use = JSON.stringify([request.jobs[0].engine, Object.entries(request.environment)])
    return Effect.acquireUseRelease(
      takeWorker(use, request),
      (worker) => {
        worker.send(JSON.stringify(request.jobs))
        return worker.job(request.onEvent)
      },
      (worker, exit) => {
        // A failed job may have left anything behind: only a worker that did its last job is used again.
        if (Exit.isSuccess(exit) && worker.alive()) return Effect.sync(() => void (idle = [{ worker, use }, ...idle]))
        return worker.end(Exit.hasInterrupts(exit) ? "gently" : "at once")
      }
    )
  }

  return Backend.of({
    run: (request) => {
      switch (request.isolation) {
        case "process":
          return runInProcess(request)
        case "pool":
          return runInPool(request)
        case "inline":
          return runInHead(request)
      }
    }
  })
})

export const layer: Layer.Layer<Backend> = Layer.effect(Backend, make)
