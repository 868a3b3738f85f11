/** Waits for a task, tells what it says meanwhile, and what its end means. */
import { appendFileSync, linkSync } from "node:fs"
import * as Effect from "effect/Effect"
import type { JobEvent, JobRequest } from "../executor.ts"
import type { Job } from "../job.ts"
import { judgeEnd, type Verdict } from "./judge-end.ts"
import type { TaskPoll } from "./poll-tasks.ts"
import type { SubmittedTask } from "./task-folder.ts"
import { makeEventReader, outputPath, readResult, type TaskEvent } from "./task-folder.ts"
import { readTail } from "../../file/read-tail.ts"

export interface FollowedTask extends SubmittedTask {
  /** For people: "Slurm job 17_3". */
  readonly title: string
  /** Its jobs, where an earlier head submitted it: under the names and logs that they had then. */
  readonly earlier: ReadonlyArray<Job> | undefined
}

const LOOK_MS = 250
/** A shared file system may show what was written only some time after the batch system says that its writer has ended. */
const LAG_MS = 5_000
const PRINTED_LINES = 10

/** One line for people, in the logs of all jobs and among their events. */
export const tellAll = ({ jobs, onEvent }: JobRequest, line: string): void => {
  for (const { id, log } of jobs) {
    try {
      appendFileSync(log, `${line}\n`)
    } catch {
      // The stage goes on without it.
    }
    onEvent({ type: "log", id, line })
  }
}

/** What an earlier head's task prints belongs to this run's log too: to the same file. */
const shareLogs = (jobs: ReadonlyArray<Job>, earlier: ReadonlyArray<Job>): void => {
  for (const [i, { log }] of jobs.entries()) {
    try {
      linkSync(earlier[i]?.log ?? "", log)
    } catch {
      // Nothing was printed yet, or this run has one already.
    }
  }
}

const makeTell = (task: FollowedTask, request: JobRequest): ((event: TaskEvent) => void) => {
  const ids = new Map(task.earlier?.map(({ id }, i) => [id, request.jobs[i]?.id ?? id]))
  return (event) => {
    if (event.type === "began") {
      tellAll(request, `${task.title} runs on ${event.host}`)
      for (const { id } of request.jobs) request.onEvent({ type: "began", id })
    } else if ("id" in event) request.onEvent({ ...event, id: ids.get(event.id) ?? event.id } as JobEvent)
  }
}

/** Gives the verdict when the task has ended, and not before the batch system says so where the task may run again. */
export const followTask = Effect.fnUntraced(function* (task: FollowedTask, request: JobRequest, poll: TaskPoll) {
  const watched = poll.watch(task.id)
  const read = makeEventReader(task.folder)
  const tell = makeTell(task, request)
  if (task.earlier !== undefined) shareLogs(request.jobs, task.earlier)
  let saved = false
  let began = false
  let waitsFor: string | undefined
  let asked = false
  let before = false
  let endedAt: number | undefined
  let hurry = false
  const look = (): Verdict | undefined => {
    for (const event of read()) {
      if (event.type === "checkpoint") saved = true
      if (event.type === "began") began = true
      tell(event)
    }
    const result = readResult(task.folder)
    const state = watched.state()
    if (state !== undefined && !asked) {
      asked = true
      before = task.earlier !== undefined && state.status === "ended"
    }
    const silent = watched.silent()
    const why =
      state?.status === "queued" ? `${task.title} to start${state.why === "" ? "" : ` (${state.why})`}` : undefined
    const wait = silent === undefined ? why : `an answer of the batch system: ${silent}`
    if (wait !== undefined && wait !== waitsFor) {
      for (const { id } of request.jobs) request.onEvent({ type: "waiting", id, for: wait })
    }
    waitsFor = wait ?? waitsFor
    const ended = {
      title: task.title,
      result,
      began,
      saved,
      before,
      printed: "",
      end: "completed",
      detail: ""
    } as const
    const own = task.earlier === undefined || (asked && !before)
    if (result?.type === "done" || (result?.type === "failed" && !result.retryable && own)) return judgeEnd(ended)
    // What it wrote is not all: the batch system may run it again, or know better why it failed.
    hurry = result !== undefined
    if (state?.status !== "ended") return undefined
    endedAt ??= performance.now()
    if (result === undefined && performance.now() - endedAt < LAG_MS) return undefined
    const printed = readTail(outputPath(task.folder), PRINTED_LINES).join("\n")
    return judgeEnd({ ...ended, end: state.end, detail: state.detail, printed })
  }
  return yield* Effect.gen(function* () {
    for (;;) {
      const verdict = look()
      if (verdict !== undefined) return verdict
      yield* hurry ? poll.hurry(Effect.sleep(LOOK_MS)) : Effect.sleep(LOOK_MS)
    }
  }).pipe(Effect.ensuring(Effect.sync(watched.forget)))
})
