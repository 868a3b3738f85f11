/**
 * The worker program: takes lists of jobs as lines on stdin until that ends, and does each in one pass. Events go out on
 * fd 3 as NDJSON; what the stage prints goes into its log. On fd 4 the head says when to stop, and closes it by ending: a
 * worker never outlives its head.
 */
import { appendFileSync, writeSync } from "node:fs"
import { basename } from "node:path"
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import { currentBundle } from "../../start/bundle.ts"
import { JobFailed, type JobRequest } from "../executor.ts"
import { JobsText, type WorkerEvent } from "../job.ts"
import { forgetPeak, makeResourceMeter } from "./resource-meter.ts"
import { runJobs } from "./run-job.ts"
import { CONTROL, listenForStop } from "./stop-request.ts"

const EVENTS = 3

const stop = listenForStop(CONTROL)

/** Blocking, so that a stage that never gives the event loop a turn reports its progress all the same. */
const emit = (text: string): void => {
  const bytes = Buffer.from(`${text}\n`)
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(EVENTS, bytes, at)
    } catch (cause) {
      // Nobody listens any more: the head is gone.
      if ((cause as NodeJS.ErrnoException).code !== "EAGAIN") process.exit(1)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

/** Whoever reads it checks it. */
const tell = (event: WorkerEvent): void => emit(JSON.stringify(event))

const readUse = makeResourceMeter("the start of the process")
let didJobs = false

const doJobs = async (jobs: JobRequest["jobs"]): Promise<void> => {
  stop.begin()
  if (didJobs) forgetPeak()
  didJobs = true
  const exit = await Effect.runPromiseExit(runJobs(jobs, tell, { readUse, watched: stop.watched, watchFiles: true }))
  if (Exit.isSuccess(exit)) {
    // It is killed as soon as it has told.
    const bundle = currentBundle()
    bundle?.did(basename(jobs[0].file))
    bundle?.keepCompiled()
    return tell({ type: "done", results: exit.value })
  }
  if (Cause.hasInterruptsOnly(exit.cause)) {
    tell({ type: "stopped" })
    process.exit(0)
  }
  const failure = Cause.squash(exit.cause)
  const { problem, retryable, losses, ranOutOf } =
    failure instanceof JobFailed ? failure : new JobFailed({ problem: String(failure), retryable: false, losses: [] })
  tell({ type: "failed", problem, retryable, losses, ...(ranOutOf === undefined ? {} : { ranOutOf }) })
}

/** A warm worker prints for one stage after the other: each has its own log. What a full disk refuses is dropped. */
const printTo = (path: string): (() => void) => {
  const streams = [process.stdout, process.stderr] as const
  const originals = streams.map((stream) => stream.write)
  for (const stream of streams) {
    stream.write = (chunk: string | Uint8Array, ...rest: ReadonlyArray<unknown>) => {
      try {
        appendFileSync(path, chunk)
      } catch {
        // See above.
      }
      const callback = rest.find((value) => typeof value === "function")
      if (callback !== undefined) callback()
      return true
    }
  }
  return () => {
    for (const [index, stream] of streams.entries()) stream.write = originals[index] as typeof stream.write
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const jobs = Schema.decodeUnknownSync(JobsText)(line)
  const restore = printTo(jobs[0].log)
  await doJobs(jobs)
  restore()
}
process.exit(0)
