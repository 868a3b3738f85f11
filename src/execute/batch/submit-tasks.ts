/**
 * Submits tasks. Those that become ready together and are alike - instances of a matrix - go to the batch system as one
 * submission: an array, where it has such.
 */
import { randomUUID } from "node:crypto"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { writeAtomic } from "../../file/atomic-write.ts"
import { makeDirectory } from "../../file/make-directory.ts"
import { unwritable } from "../../file/unwritable.ts"
import { codeEnding } from "../../project/code-ending.ts"
import { JobFailed } from "../executor.ts"
import type { Job } from "../job.ts"
import type { BatchSystem, TaskNeeds } from "./batch-system.ts"
import { noteTask } from "./noted-task.ts"
import { type SubmittedTask, taskFolder, writeSubmitted, writeTask } from "./task-folder.ts"

export interface WantedTask {
  /** Name of the stage. */
  readonly stage: string
  readonly needs: TaskNeeds
  readonly jobs: readonly [Job, ...ReadonlyArray<Job>]
  /** What the job's environment has on top. */
  readonly environment: Readonly<Record<string, string>>
}

export interface SubmitOptions {
  /** A command that the program runs in, as it is written. */
  readonly container: string | undefined
  readonly node: string
}

interface Entry extends WantedTask {
  readonly done: Deferred.Deferred<SubmittedTask, JobFailed>
  /** Nobody waits for it any more. */
  abandoned: boolean
}

const RUN_TASK = fileURLToPath(new URL(`run-task${codeEnding}`, import.meta.url))

/** Instances that become ready with the same result are told one after the other. */
const GATHER = "150 millis"

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** `exec`: the batch system signals the process that it has started, and a shell would pass nothing on. */
const scriptOf = (system: BatchSystem, { container, node }: SubmitOptions, folder: string, first: Entry): string =>
  [
    "#!/bin/sh",
    // Compiled modules are kept on the node between jobs.
    'export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-${TMPDIR:-/tmp}/node-compile-cache}"',
    ...Object.entries(first.environment).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `exec ${container === undefined ? "" : `${container} `}${quoted(node)} --disable-warning=ExperimentalWarning ` +
      `${quoted(RUN_TASK)} ${quoted(folder)} "${system.index}"`,
    ""
  ].join("\n")

const groupOf = ({ stage, needs, environment, jobs }: Entry): string =>
  JSON.stringify([stage, needs, environment, jobs[0].store])

const groupsOf = (entries: ReadonlyArray<Entry>, most: number): ReadonlyArray<ReadonlyArray<Entry>> =>
  Object.values(Object.groupBy(entries, groupOf)).flatMap((alike = []) =>
    Array.from({ length: Math.ceil(alike.length / most) }, (_, i) => alike.slice(i * most, (i + 1) * most))
  )

/** Submits until the scope ends. */
export const submitTasks = Effect.fnUntraced(function* (
  system: BatchSystem,
  options: SubmitOptions,
  cancel: (id: string) => Effect.Effect<void>
) {
  const inbox = yield* Queue.unbounded<Entry>()

  const submitGroup = Effect.fnUntraced(function* (entries: ReadonlyArray<Entry>) {
    const [first] = entries as readonly [Entry, ...ReadonlyArray<Entry>]
    const folder = join(first.jobs[0].store.directory, "jobs", randomUUID())
    const script = join(folder, "job.sh")
    const write = async (): Promise<void> => {
      await makeDirectory(folder)
      for (const [index, { jobs, needs }] of entries.entries()) {
        await writeTask(taskFolder(folder, index), { format: 1, jobs, gpus: needs.gpus })
      }
      await writeAtomic(script, scriptOf(system, options, folder, first), 0o755)
    }
    // Noted before it is submitted: a head that dies in between leaves a task that finds nothing to do.
    const prepare = Effect.tryPromise({ try: write, catch: unwritable(folder) }).pipe(
      Effect.andThen(
        Effect.forEach(entries, ({ jobs }, index) => noteTask(jobs, system.name, taskFolder(folder, index)))
      )
    )
    const submission = { stage: first.stage, folder, script, tasks: entries.length, needs: first.needs }
    const submitted = yield* Effect.result(
      Effect.gen(function* () {
        yield* prepare
        const ids = yield* system.submit(submission)
        yield* Effect.tryPromise({ try: () => writeSubmitted(folder, ids), catch: unwritable(folder) })
        return ids
      })
    )
    if (submitted._tag === "Failure") {
      const failure = new JobFailed({ problem: submitted.failure.message, retryable: false, losses: [] })
      yield* Effect.promise(() => rm(folder, { recursive: true, force: true }).catch(() => {}))
      yield* Effect.forEach(entries, ({ done }) => Deferred.fail(done, failure))
      return
    }
    yield* Effect.forEach(entries, (entry, index) => {
      const id = submitted.success[index] as string
      if (entry.abandoned) return cancel(id)
      return Deferred.succeed(entry.done, { folder: taskFolder(folder, index), id })
    })
  })

  const serve = Effect.gen(function* () {
    const first = yield* Queue.take(inbox)
    yield* Effect.sleep(GATHER)
    const entries = [first, ...(yield* Queue.clear(inbox))].filter(({ abandoned }) => !abandoned)
    yield* Effect.forEach(groupsOf(entries, system.most), submitGroup)
  })
  yield* Effect.forkScoped(Effect.forever(serve))

  return (wanted: WantedTask): Effect.Effect<SubmittedTask, JobFailed> =>
    Effect.gen(function* () {
      const entry: Entry = { ...wanted, done: yield* Deferred.make<SubmittedTask, JobFailed>(), abandoned: false }
      yield* Queue.offer(inbox, entry)
      return yield* Effect.onInterrupt(Deferred.await(entry.done), () =>
        Effect.suspend(() => {
          entry.abandoned = true
          return Effect.void
        })
      )
    })
})
