/** What the end of a task means for its jobs: by what it wrote last, and by what the batch system says of it. */
import { JobFailed } from "../executor.ts"
import type { JobDone } from "../job.ts"
import type { TaskEnd } from "./batch-system.ts"
import type { TaskResult } from "./task-folder.ts"

export interface EndedTask {
  /** For people: "Slurm job 17_3". */
  readonly title: string
  /** Undefined where it ended before it could write one. */
  readonly result: TaskResult | undefined
  readonly end: TaskEnd
  /** What the batch system says beyond that. */
  readonly detail: string
  /** Its program ran. */
  readonly began: boolean
  /** It saved a checkpoint in its time: going on from there is progress. */
  readonly saved: boolean
  /** Somebody ended it before we looked for the first time. */
  readonly before: boolean
  /** The end of what it printed. */
  readonly printed: string
}

export type Verdict =
  | { readonly type: "done"; readonly results: ReadonlyArray<JobDone> }
  /** As a further task. */
  | { readonly type: "again"; readonly line: string }
  | { readonly type: "failed"; readonly failure: JobFailed }

const failed = (problem: string, retryable: boolean, ranOutOf?: "memory"): Verdict => ({
  type: "failed",
  failure: new JobFailed({ problem, retryable, losses: [], ...(ranOutOf === undefined ? {} : { ranOutOf }) })
})

/** Ends that are no fault of the stage, in words that follow the task's title. */
const interrupted: Partial<Record<TaskEnd, string>> = {
  "time limit": "reached its time limit",
  preempted: "was preempted",
  "node failed": "lost its node",
  gone: "is gone, and left no result"
}

const goesOn = ({ title, saved }: EndedTask, how: string): Verdict | undefined =>
  saved
    ? { type: "again", line: `${title} ${how}, with a checkpoint saved: it goes on from there as a further job` }
    : undefined

const stopped = (task: EndedTask, signal: string): Verdict => {
  const { title } = task
  if (task.end === "cancelled") return failed(`${title} was cancelled by somebody else`, false)
  const known = interrupted[task.end]
  // The warning comes before the limit, and so the job ends as completed.
  const timely = signal === "SIGUSR2" && known === undefined
  const how = timely ? "came to its time limit" : (known ?? `was stopped (${signal})`)
  const without = timely || task.end === "time limit"
  return (
    goesOn(task, how) ??
    failed(
      without
        ? `${title} ${how} before its first checkpoint\n  Give the stage more time (time: in its executor's settings, or timeout: of the stage).`
        : `${title} ${how} before its first checkpoint`,
      !without
    )
  )
}

const withDetail = (problem: string, { detail, printed }: EndedTask): string =>
  [detail === "" ? problem : `${problem}: ${detail}`, printed].filter((part) => part !== "").join("\n")

const noResult = (task: EndedTask): Verdict => {
  const { title, end } = task
  const known = interrupted[end]
  if (known !== undefined) {
    const again = goesOn(task, known)
    if (again !== undefined) return again
    const limit = end === "time limit"
    const hint = limit
      ? "\n  Give the stage more time (time: in its executor's settings, or timeout: of the stage)."
      : ""
    return failed(`${withDetail(`${title} ${known} before its first checkpoint`, task)}${hint}`, !limit)
  }
  switch (end) {
    case "cancelled":
      return failed(`${title} was cancelled by somebody else`, false)
    case "not started":
      return failed(withDetail(`${title} could not be started`, task), false)
    case "out of memory":
      return failed(
        `${withDetail(`${title} ran out of memory`, task)}\n  Ask for more: resources: { memory: ... } of the stage, or memory: in its executor's settings.`,
        false,
        "memory"
      )
    default:
      return failed(withDetail(`${title} was ended (${end}) before its stage was done`, task), true)
  }
}

/** Of Slurm's own words in what a job prints, with the cgroup plugin and with the one that only measures. */
const OVER_MEMORY = /exceeded (job )?memory limit|oom[-_ ]kill/i

/** Slurm gives a job that was killed the same reason as one that it could not start. */
const endOf = ({ end, began, printed }: EndedTask): TaskEnd =>
  OVER_MEMORY.test(printed) ? "out of memory" : began && end === "not started" ? "failed" : end

export const judgeEnd = (ended: EndedTask): Verdict => {
  const end = endOf(ended)
  const task = end === ended.end ? ended : { ...ended, end, detail: "" }
  const { result, title, before } = task
  if (result?.type === "done") return { type: "done", results: result.results }
  // It is not what this run asked for: it failed for another one, which is gone.
  if (before) return { type: "again", line: `${title} ended without a result while nobody waited for it: begun again` }
  if (result === undefined || (result.type === "failed" && result.retryable && end === "out of memory")) {
    return noResult(task)
  }
  if (result.type === "stopped") return stopped(task, result.signal)
  return { type: "failed", failure: new JobFailed(result) }
}
