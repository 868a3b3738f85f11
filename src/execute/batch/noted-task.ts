/**
 * Which task works at a key, noted in the workspaces of the store: a head that was killed leaves its tasks running, and the
 * next one finds them there.
 */
import { readdir, rm } from "node:fs/promises"
import { dirname } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { decodeSealed, sealJson } from "../../file/sealed-json.ts"
import { openStore } from "../../store/by-name/open-store.ts"
import type { Job } from "../job.ts"
import type { SubmittedTask } from "./task-folder.ts"
import { makeEventReader, readTask, submittedId } from "./task-folder.ts"

const Note = Schema.Struct({ executor: Schema.String, folder: Schema.String })
const decodeNote = decodeSealed(Note)
const noteText = (note: typeof Note.Type): string => sealJson(JSON.stringify(note))

const storeOf = (job: Job) => Effect.orDie(openStore(job.store))

export const noteTask = (jobs: ReadonlyArray<Job>, executor: string, folder: string) =>
  Effect.forEach(
    jobs,
    (job) =>
      Effect.flatMap(storeOf(job), (store) => store.workspace(job.workspace).noteTask(noteText({ executor, folder }))),
    { discard: true }
  )

/** Takes the notes of a task away, whoever made them, and its folder; the submission's with its last task. */
export const dropTask = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job>, folder: string) {
  for (const job of jobs) {
    const store = yield* storeOf(job)
    for (const { name, text } of yield* store.workspace(job.workspace).notedTasks) {
      const note = Option.getOrUndefined(decodeNote(text))
      if (note?.folder === folder) yield* Effect.ignore(store.workspace(name).noteTask(undefined))
    }
  }
  yield* Effect.promise(async () => {
    const submission = dirname(folder)
    await rm(folder, { recursive: true, force: true }).catch(() => {})
    const left = await readdir(submission).catch((): ReadonlyArray<string> => [])
    if (!left.some((name) => /^\d+$/.test(name))) await rm(submission, { recursive: true, force: true }).catch(() => {})
  })
})

/** The id that the batch system gave, noted by the head, or else by the task itself when it began. */
const idOf = (folder: string): string | undefined => {
  const noted = submittedId(folder)
  if (noted !== undefined) return noted
  const began = makeEventReader(folder)().find((event) => event.type === "began")
  return began === undefined || began.job === "" ? undefined : began.job
}

/** The task that an earlier head left at work at exactly these jobs; undefined where there is none. */
export const findTask = Effect.fnUntraced(function* (jobs: readonly [Job, ...ReadonlyArray<Job>], executor: string) {
  const store = yield* storeOf(jobs[0])
  for (const { text } of yield* store.workspace(jobs[0].workspace).notedTasks) {
    const note = Option.getOrUndefined(decodeNote(text))
    if (note === undefined || note.executor !== executor) continue
    const task = readTask(note.folder)
    if (task === undefined || task.jobs.length !== jobs.length) continue
    if (task.jobs.some(({ key }, i) => key !== jobs[i]?.key)) continue
    const id = idOf(note.folder)
    // In the queue perhaps, under an id that nobody knows: without its folder it finds nothing to do when it begins.
    if (id === undefined) yield* dropTask(jobs, note.folder)
    else return { folder: note.folder, id, jobs: task.jobs } satisfies SubmittedTask & { jobs: ReadonlyArray<Job> }
  }
  return undefined
})
