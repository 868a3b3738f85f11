/** What Slurm's programs say of tasks, read. States are those of Slurm 22.05 (`man squeue`, "JOB STATE CODES"). */
import type { TaskEnd, TaskState } from "../batch/batch-system.ts"

/** Of `squeue`: %F|%K|%T|%r, of an array's task its own number (%A would be its own for all tasks but the last). */
export const SQUEUE_FORMAT = "%F|%K|%T|%r"
/** Of `sacct`: JobID is 17_3 for a task of an array. */
export const SACCT_FORMAT = "JobID,State,ExitCode"

const ends: Readonly<Record<string, TaskEnd>> = {
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
  REVOKED: "cancelled",
  TIMEOUT: "time limit",
  DEADLINE: "time limit",
  OUT_OF_MEMORY: "out of memory",
  PREEMPTED: "preempted",
  NODE_FAIL: "node failed",
  BOOT_FAIL: "node failed"
}

/** Reasons of a failure with which the task's program was never begun. */
const launchFailures: Readonly<Record<string, string>> = {
  JobLaunchFailure:
    "JobLaunchFailure: the node could not begin it; is the store in a folder that all nodes see under the same path?",
  BadConstraints: "BadConstraints: no node has what it asks for"
}

/** Reasons with which a job stays in the queue until somebody changes it or the cluster. */
const hopeless: ReadonlySet<string> = new Set([
  "PartitionConfig",
  "PartitionNodeLimit",
  "PartitionTimeLimit",
  "BadConstraints",
  "AccountNotAllowed",
  "QOSNotAllowed",
  "InvalidAccount",
  "InvalidQOS"
])

/** COMPLETING is not the end: its processes are being ended, and a requeued task is PENDING next. */
const going = new Set([
  "RUNNING",
  "COMPLETING",
  "CONFIGURING",
  "STAGE_OUT",
  "SIGNALING",
  "SUSPENDED",
  "STOPPED",
  "RESIZING"
])

/** @param detail the reason that Slurm gives, or the exit code */
export const stateOf = (state: string, detail: string): TaskState => {
  // "CANCELLED by 1000" in accounting.
  const [word = ""] = state.split(/[ +]/)
  const end = ends[word]
  if (end !== undefined) {
    const launch = launchFailures[detail]
    if (end === "failed" && launch !== undefined) return { status: "ended", end: "not started", detail: launch }
    return { status: "ended", end, detail: detail === "None" || detail === "0:0" ? "" : detail }
  }
  if (going.has(word)) return { status: "running" }
  if (hopeless.has(detail))
    return { status: "queued", why: `${detail}: as things are, it never will; Ctrl-C cancels it` }
  return { status: "queued", why: detail === "None" ? "" : detail }
}

const rows = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("|"))

/** @param wanted ids as they were submitted: 17, or 17_3 */
export const parseSqueue = (text: string, wanted: ReadonlySet<string>): ReadonlyMap<string, TaskState> =>
  new Map(
    rows(text).flatMap(([job = "", index = "", state = "", reason = ""]) => {
      const id = [job, `${job}_${index}`].find((each) => wanted.has(each))
      return id === undefined ? [] : [[id, stateOf(state, reason)] as const]
    })
  )

export const parseSacct = (text: string, wanted: ReadonlySet<string>): ReadonlyMap<string, TaskState> =>
  new Map(
    rows(text).flatMap(([id = "", state = "", code = ""]) =>
      wanted.has(id) ? [[id, stateOf(state, code)] as const] : []
    )
  )
