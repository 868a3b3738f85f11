/** Runs jobs on this machine: in a process of their own, in a warm worker that is used again, or in the head itself. */
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { JobFailed, JobRequest } from "../executor.ts"
import type { JobDone } from "../job.ts"
import { startWorker } from "./worker-process.ts"
import type { WorkerProcess } from "./worker-process.ts"
import { handOn } from "./worker-output.ts"

/** Where the jobs of a request run, and what their process has on top of what this one has. Never written anywhere. */
export interface LocalJobs extends JobRequest {
  readonly isolation: "process" | "pool" | "inline"
  readonly environment: Readonly<Record<string, string>>
}

/** What a job needs is loaded with the first one: a run of hits has none. */
const runInHead = ({ jobs, onEvent }: JobRequest) =>
  Effect.flatMap(
    Effect.promise(() => import("../worker/run-job.ts")),
    ({ runJobs }) => runJobs(jobs, onEvent)
  )

const runInProcess = (request: LocalJobs) =>
  Effect.acquireUseRelease(
    startWorker({ environment: request.environment, log: request.jobs[0].log }),
    (worker) => worker.run(request),
    // One that has answered has nothing left to do: taking an engine down in good order costs up to a second.
    (worker, exit) => worker.end(Exit.hasInterrupts(exit) ? "gently" : "at once")
  )

interface Idle {
  readonly worker: WorkerProcess
  /** Workers differ by what their process was started with. */
  readonly use: string
}

/** Warm workers end with the scope. */
export const makeRunLocally = Effect.gen(function* () {
  let idle: ReadonlyArray<Idle> = []
  let started = 0
  yield* Effect.addFinalizer(() =>
    Effect.forEach(idle, ({ worker }) => worker.end("at once"), { concurrency: "unbounded", discard: true })
  )

  const takeWorker = (use: string, request: LocalJobs) =>
    Effect.suspend(() => {
      const found = idle.find((candidate) => candidate.use === use && candidate.worker.alive())
      idle = idle.filter((candidate) => candidate !== found && candidate.worker.alive())
      if (found !== undefined) return Effect.succeed(found.worker)
      started += 1
      // What it prints itself is of the job that it has then. No stage's log has this name: theirs begin with a letter.
      const log = join(dirname(request.jobs[0].log), `.worker-${process.pid}-${started}.log`)
      return startWorker({ environment: request.environment, log })
    })

  const runInPool = (request: LocalJobs) => {
    const use = JSON.stringify([request.jobs[0].engine, Object.entries(request.environment)])
    return Effect.acquireUseRelease(
      takeWorker(use, request),
      (worker) =>
        worker.run(request).pipe(
          Effect.ensuring(
            Effect.sync(() =>
              handOn(
                worker.printed(),
                request.jobs.map(({ log }) => log)
              )
            )
          )
        ),
      (worker, exit) => {
        // A failed job may have left anything behind: only a worker that did its last job is used again.
        if (Exit.isSuccess(exit) && worker.alive()) return Effect.sync(() => void (idle = [{ worker, use }, ...idle]))
        return worker.end(Exit.hasInterrupts(exit) ? "gently" : "at once")
      }
    )
  }

  return (request: LocalJobs): Effect.Effect<ReadonlyArray<JobDone>, JobFailed> => {
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
