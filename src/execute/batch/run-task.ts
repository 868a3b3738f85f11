/**
 * What a job of a batch system runs: `node run-task.ts SUBMISSION NUMBER`. It starts a worker as a head on this machine would,
 * writes what that says into the task's folder, and hears the batch system's signals, which a worker that computes cannot:
 * before the time limit (SIGUSR2), at a preemption or a cancellation (SIGTERM), the worker saves its checkpoint and ends.
 */
import { hostname } from "node:os"
import * as Effect from "effect/Effect"
import { startWorker } from "../local/worker-process.ts"
import type { JobFailed } from "../executor.ts"
import type { JobDone } from "../job.ts"
import {
  appendEvent,
  readTask,
  removeResult,
  type Task,
  taskFolder,
  type TaskResult,
  writeResult
} from "./task-folder.ts"

const [submission = "", number = "0"] = process.argv.slice(2)
const folder = taskFolder(submission, Number(number))

const SIGNALS = ["SIGUSR2", "SIGTERM", "SIGINT", "SIGHUP"] as const

/** The first of the batch system's signals. */
const signalled = new Promise<string>((resolve) => {
  for (const signal of SIGNALS) process.on(signal, resolve)
})

/** As the batch system names this job; for people, and for a head that died before it could note it. */
const jobId = (): string => {
  const { SLURM_ARRAY_JOB_ID, SLURM_ARRAY_TASK_ID, SLURM_JOB_ID, JOB_ID, PBS_JOBID, LSB_JOBID } = process.env
  if (SLURM_ARRAY_JOB_ID !== undefined) return `${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}`
  return SLURM_JOB_ID ?? JOB_ID ?? PBS_JOBID ?? LSB_JOBID ?? ""
}

/** Slurm hides the GPUs that were not asked for only where it is told to; an engine would take memory of one that it sees. */
const environmentOf = ({ gpus }: Task): Readonly<Record<string, string>> =>
  gpus > 0 ? { TF_FORCE_GPU_ALLOW_GROWTH: "true" } : { CUDA_VISIBLE_DEVICES: "" }

const work = (task: Task): Effect.Effect<ReadonlyArray<JobDone>, JobFailed> =>
  Effect.acquireUseRelease(
    startWorker({ environment: environmentOf(task), log: task.jobs[0].log }),
    (worker) => worker.run({ jobs: task.jobs, onEvent: (event) => appendEvent(folder, event) }),
    (worker, exit) => worker.end(exit._tag === "Failure" ? "gently" : "at once")
  )

const perform = (task: Task): Effect.Effect<TaskResult> => {
  const start = Date.now()
  const done = Effect.map(work(task), (results): TaskResult => {
    const seconds = (Date.now() - start) / 1000
    return { type: "done", results: results.map((result) => ({ ...result, seconds })) }
  }).pipe(
    Effect.catch(({ problem, retryable, losses, ranOutOf }) =>
      Effect.succeed({
        type: "failed" as const,
        problem,
        retryable,
        losses,
        ...(ranOutOf === undefined ? {} : { ranOutOf })
      })
    )
  )
  const stopped = Effect.map(
    Effect.promise(() => signalled),
    (signal): TaskResult => ({ type: "stopped", signal })
  )
  return Effect.raceFirst(done, stopped)
}

const task = readTask(folder)
// Given up while it was in the queue: there is nothing to do.
if (task !== undefined) {
  await removeResult(folder)
  appendEvent(folder, { type: "began", host: hostname(), job: jobId() })
  await writeResult(folder, await Effect.runPromise(perform(task)))
}
process.exit(0)
