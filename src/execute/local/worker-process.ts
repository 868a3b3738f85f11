/** One worker's process, seen from the head: start, jobs in, events out, and an end that leaves nothing behind. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { closeSync, mkdirSync, openSync } from "node:fs"
import { getCompileCacheDir } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { codeEnding } from "../../project/code-ending.ts"
import { packageDirectory } from "../../project/package-directory.ts"
import { currentBundle } from "../../start/bundle.ts"
import { JobFailed } from "../executor.ts"
import type { JobRequest } from "../executor.ts"
import { type JobDone, type LiveEvent, type WorkerEvent, WorkerEventText } from "../job.ts"
import { CONTROL, PATIENCE } from "../worker/stop-request.ts"
import { memorySettings } from "./memory-settings.ts"
import { lastWords, type WorkerOutput, workerOutput } from "./worker-output.ts"

const WORKER = fileURLToPath(new URL(`../worker/worker${codeEnding}`, import.meta.url))
const BUNDLED_WORKER = join(packageDirectory, "bin", "bundle", "start-worker.mjs")

/** A worker runs what its head does: the bundle, or the sources. */
const program = (): ReadonlyArray<string> => {
  const bundle = currentBundle()
  return bundle === undefined ? [WORKER] : [BUNDLED_WORKER, bundle.folder]
}

/** What programs that a stage has started get to put themselves in order. */
const GRACE_MS = 5_000

export interface WorkerProcess {
  /** Ready for a job. */
  readonly alive: () => boolean
  /** Completes with what the worker answers, or with how it ended. One at a time. */
  readonly run: (
    request: Pick<JobRequest, "jobs"> & { readonly onEvent: (event: LiveEvent) => void }
  ) => Effect.Effect<ReadonlyArray<JobDone>, JobFailed>
  /** What its process has printed since it was given its last job. */
  readonly printed: () => string
  /**
   * "gently": what is in progress saves its checkpoint, then SIGTERM to the whole group, then SIGKILL; SIGKILL at once where
   * nothing is in progress. Events of a job that was interrupted still arrive.
   */
  readonly end: (how: "gently" | "at once") => Effect.Effect<void>
}

export interface WorkerOptions {
  readonly environment: Readonly<Record<string, string>>
  /** Gets stdout and stderr. */
  readonly log: string
}

/** Compiled TypeScript is kept between workers: a third of the time that one takes to start. */
const compileCache = (): string => getCompileCacheDir() ?? join(tmpdir(), "node-compile-cache")

const start = ({ environment, log }: WorkerOptions): ChildProcess => {
  // Its folder is gone where somebody has removed the store under the run.
  mkdirSync(dirname(log), { recursive: true })
  const file = openSync(log, "a")
  try {
    return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...program()], {
      // A group of its own: the terminal's Ctrl-C reaches the head alone, and one signal reaches all that a stage started.
      detached: true,
      // The last one is CONTROL.
      stdio: ["pipe", file, file, "pipe", "pipe"],
      env: { NODE_COMPILE_CACHE: compileCache(), ...memorySettings, ...process.env, ...environment }
    })
  } finally {
    closeSync(file)
  }
}

/** Workers whose group may still have something in it. A head that is ended at once has no time to end them in good order. */
const groups = new Set<ChildProcess>()
process.on("exit", () => {
  for (const child of groups) signalGroup(child, "SIGKILL")
})

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals | 0): boolean => {
  if (child.pid === undefined) return false
  try {
    return process.kill(-child.pid, signal)
  } catch {
    return false
  }
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined

const endGroup = async (child: ChildProcess, how: "gently" | "at once"): Promise<void> => {
  if (how === "gently") {
    const control = child.stdio[CONTROL] as Writable
    control.write("stop\n")
    // It ends itself when its patience does; one that cannot any more is not waited for much longer.
    for (let waited = 0; waited < PATIENCE + GRACE_MS && !hasEnded(child); waited += 20) await delay(20)
    signalGroup(child, "SIGTERM")
    for (let waited = 0; waited < GRACE_MS && signalGroup(child, 0); waited += 20) await delay(20)
  }
  signalGroup(child, "SIGKILL")
  if (!hasEnded(child)) {
    await new Promise((resolve) => child.once("exit", resolve))
  }
  groups.delete(child)
}

const describeEnd = (code: number | null, signal: NodeJS.Signals | null, printed: string): JobFailed => {
  const { heap, error } = lastWords(printed)
  if (heap) {
    const problem =
      "the worker ran out of memory for JavaScript: make its arrays smaller, or typed (a Float32Array is not in that memory), or give it more (NODE_OPTIONS=--max-old-space-size=8192, in MiB)"
    return new JobFailed({ problem, retryable: false, losses: [] })
  }
  const killed = signal === "SIGKILL" || code === 137
  const problem = killed
    ? "the worker was killed (SIGKILL); where nobody did it by hand, the machine ran out of memory: run fewer stages at once (--jobs), or make the stage smaller"
    : signal !== null
      ? `the worker crashed (${signal})`
      : `the worker ended with exit code ${code} before it was done${error === undefined ? "" : `: ${error}`}`
  return new JobFailed({ problem, retryable: true, losses: [], ...(killed ? { ranOutOf: "memory" } : {}) })
}

const stoppedByOthers = new JobFailed({
  problem: "the worker was told to stop (SIGTERM) by somebody else; its checkpoint is saved",
  retryable: true,
  losses: []
})

const isLive = (event: WorkerEvent): event is LiveEvent =>
  event.type === "progress" || event.type === "log" || event.type === "checkpoint"

export const startWorker = (options: WorkerOptions): Effect.Effect<WorkerProcess, JobFailed> =>
  Effect.try({
    try: () => {
      const child = start(options)
      groups.add(child)
      return child
    },
    catch: (cause) =>
      new JobFailed({ problem: `no worker can be started: ${String(cause)}`, retryable: true, losses: [] })
  }).pipe(Effect.map((child) => connect(child, workerOutput(options.log))))

/** What is no event of ours was printed on our channel by mistake: it is what the worker failed of. */
const decodeEvent = (line: string): WorkerEvent =>
  Option.getOrElse(Schema.decodeUnknownOption(WorkerEventText)(line), (): WorkerEvent => ({
    type: "failed",
    problem: `the worker said what is no event: ${line.slice(0, 200)}`,
    retryable: false,
    losses: []
  }))

const connect = (child: ChildProcess, output: WorkerOutput): WorkerProcess => {
  let receive: ((event: WorkerEvent) => void) | undefined
  let fail: ((error: JobFailed) => void) | undefined
  let ended: JobFailed | undefined
  const events = createInterface({ input: child.stdio[3] as Readable })
  /** Said before anybody listened. */
  let early: Array<WorkerEvent> = []
  events.on("line", (line) => {
    const event = decodeEvent(line)
    if (receive === undefined) early.push(event)
    else receive(event)
  })
  const endWith = (error: JobFailed): void => {
    ended ??= error
    fail?.(ended)
  }
  child.once("error", (cause) =>
    endWith(new JobFailed({ problem: `no worker can be started: ${cause.message}`, retryable: true, losses: [] }))
  )
  child.once("exit", (code, signal) => {
    // What it said before it ended may still be in the pipe; a program it left behind may keep the pipe open.
    const end = (): void => endWith(describeEnd(code, signal, output.sinceMark()))
    const timer = setTimeout(end, 500)
    events.once("close", () => {
      clearTimeout(timer)
      end()
    })
  })
  // A worker that has died does not take its jobs; how it died is told by its exit.
  for (const input of [child.stdin, child.stdio[CONTROL]]) input?.on("error", () => {})
  return {
    alive: () => ended === undefined && !hasEnded(child),
    run: ({ jobs, onEvent }) =>
      Effect.callback<ReadonlyArray<JobDone>, JobFailed>((resume) => {
        fail = (error) => resume(Effect.fail(error))
        receive = (event) => {
          switch (event.type) {
            case "done":
              return resume(Effect.succeed(event.results))
            case "failed":
              return resume(Effect.fail(new JobFailed(event)))
            case "stopped":
              return resume(Effect.fail(stoppedByOthers))
            default:
              return onEvent(event)
          }
        }
        output.mark()
        for (const event of early) receive?.(event)
        early = []
        if (ended !== undefined) fail(ended)
        else child.stdin?.write(`${JSON.stringify(jobs)}\n`)
      }).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            // What it says while it is being ended concerns its last job still.
            receive = (event) => {
              if (isLive(event)) onEvent(event)
            }
            fail = undefined
          })
        )
      ),
    printed: output.sinceMark,
    end: (how) => Effect.promise(() => endGroup(child, how))
  }
}
