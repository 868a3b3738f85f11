/**
 * The folder of a task in the shared store: `jobs/<submission>/<number>/` with what is to be done, what happens meanwhile, and
 * what came out. It is all that head and job share, so that either may die and the other goes on.
 */
import { appendFileSync, closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs"
import { rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { writeAtomic } from "../../file/atomic-write.ts"
import { decodeSealed, sealJson } from "../../file/sealed-json.ts"
import { Job, JobsDone, JobsFailed, WorkerEvent } from "../job.ts"

export const Task = Schema.Struct({
  format: Schema.Literal(1),
  jobs: Schema.NonEmptyArray(Job),
  /** That the task asked for. */
  gpus: Schema.Int
})
export type Task = typeof Task.Type
const TaskText = Schema.fromJsonString(Task)

/** A worker's event, or the job's own: it has begun, perhaps again. `job`: its id, as the batch system names it. */
const TaskEvent = Schema.Union([
  WorkerEvent,
  Schema.Struct({ type: Schema.Literal("began"), host: Schema.String, job: Schema.String })
])
export type TaskEvent = typeof TaskEvent.Type
const TaskEventText = Schema.fromJsonString(TaskEvent)

export const TaskResult = Schema.Union([
  JobsDone,
  JobsFailed,
  /** By a signal; what could be saved is saved. */
  Schema.Struct({ type: Schema.Literal("stopped"), signal: Schema.String })
])
export type TaskResult = typeof TaskResult.Type
const TaskResultText = Schema.fromJsonString(TaskResult)

/** Written once the batch system has taken them. */
const Submitted = Schema.Struct({ ids: Schema.Array(Schema.String) })
const SubmittedText = Schema.fromJsonString(Submitted)

/** A task that the batch system has taken; `id`: as it names it. */
export interface SubmittedTask {
  readonly folder: string
  readonly id: string
}

const decodeTask = decodeSealed(Task)
const decodeResult = decodeSealed(TaskResult)
const decodeSubmitted = decodeSealed(Submitted)

/** What is not there and what is damaged are the same: neither decides what a job does, or what it came to. */
const read = <A>(path: string, decode: (text: string) => Option.Option<A>): A | undefined => {
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch {
    return undefined
  }
  return Option.getOrUndefined(decode(text))
}

export const taskFolder = (submission: string, index: number): string => join(submission, String(index))
export const outputPath = (folder: string): string => join(dirname(folder), `output-${folder.split("/").at(-1)}.txt`)

const taskPath = (folder: string): string => join(folder, "task.json")
const eventsPath = (folder: string): string => join(folder, "events.ndjson")
const resultPath = (folder: string): string => join(folder, "result.json")
const submittedPath = (submission: string): string => join(submission, "submitted.json")

export const writeTask = (folder: string, task: Task): Promise<void> =>
  writeAtomic(taskPath(folder), sealJson(Schema.encodeSync(TaskText)(task)))
/** Undefined where the task was given up before it began. */
export const readTask = (folder: string): Task | undefined => read(taskPath(folder), decodeTask)

export const writeResult = (folder: string, result: TaskResult): Promise<void> =>
  writeAtomic(resultPath(folder), sealJson(Schema.encodeSync(TaskResultText)(result)))
export const readResult = (folder: string): TaskResult | undefined => read(resultPath(folder), decodeResult)
export const removeResult = (folder: string): Promise<void> => rm(resultPath(folder), { force: true })

export const writeSubmitted = (submission: string, ids: ReadonlyArray<string>): Promise<void> =>
  writeAtomic(submittedPath(submission), sealJson(Schema.encodeSync(SubmittedText)({ ids })))
/** The task's id; undefined where whoever submitted it died before it could note it. */
export const submittedId = (folder: string): string | undefined =>
  read(submittedPath(dirname(folder)), decodeSubmitted)?.ids[Number(folder.split("/").at(-1))]

/** Events are for people, except for those of checkpoints: what a full disk refuses is dropped. */
export const appendEvent = (folder: string, event: TaskEvent): void => {
  try {
    appendFileSync(eventsPath(folder), sealJson(Schema.encodeSync(TaskEventText)(event)))
  } catch {
    // See above.
  }
}

const decodeEvent = decodeSealed(TaskEvent)

/** Each call gives what was written since the last one; half a line waits for its end. */
export const makeEventReader = (folder: string): (() => ReadonlyArray<TaskEvent>) => {
  let at = 0
  return () => {
    let file: number | undefined
    try {
      // Opened anew each time: a shared file system shows what others wrote to who opens a file.
      file = openSync(eventsPath(folder), "r")
      const buffer = Buffer.alloc(Math.max(0, fstatSync(file).size - at))
      const read = readSync(file, buffer, 0, buffer.length, at)
      const whole = buffer.subarray(0, read).lastIndexOf("\n") + 1
      at += whole
      return buffer
        .toString("utf8", 0, whole)
        .split("\n")
        .flatMap((line) => Option.toArray(decodeEvent(`${line}\n`)))
    } catch {
      return []
    } finally {
      if (file !== undefined) closeSync(file)
    }
  }
}
