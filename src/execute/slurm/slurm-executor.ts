/** The executor of a Slurm cluster: `sbatch`, one `squeue` for all jobs, `scancel`; `sacct` where accounting is kept. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { batchExecutor } from "../batch/batch-executor.ts"
import { batchOptions } from "../batch/batch-options.ts"
import { type BatchSystem, PollFailed, SubmitRefused, type TaskState } from "../batch/batch-system.ts"
import { runProgram } from "../batch/run-program.ts"
import { Executor } from "../executor.ts"
import type { ExecutorSettings, SlurmSettings } from "../../specification/executor-settings.ts"
import { sbatchArguments } from "./sbatch-arguments.ts"
import { parseSacct, parseSqueue, SACCT_FORMAT, SQUEUE_FORMAT } from "./slurm-states.ts"

/** Below the limit that clusters have unless they set another (MaxArraySize is 1001). */
const MOST_TASKS = 500

/** Our own options are for the words that are parsed here. */
const plain = { SLURM_TIME_FORMAT: "standard", LC_ALL: "C" }

const hintFor = (said: string): string => {
  if (/generic resource|\bgres\b/i.test(said)) {
    return "\n  On a cluster without GPUs: gpus: false under executor.slurm; where they have another name: gres."
  }
  return /submit ?limit/i.test(said) ? "\n  Fewer jobs at a time: jobs: under executor.slurm, or --jobs." : ""
}

/** What passes by itself: a controller that is being started anew, or has too much to do. */
const TRANSIENT = /unable to contact|socket timed out|connection refused|temporarily|try again/i
const ATTEMPTS = 20
const PAUSE = "15 seconds"

const submitOf = (settings: SlurmSettings): BatchSystem["submit"] =>
  Effect.fnUntraced(function* (submission) {
    const args = sbatchArguments(settings, submission)
    for (let attempt = 1; ; attempt++) {
      const { code, stdout, stderr } = yield* runProgram("sbatch", args, plain)
      if (code === 127) {
        return yield* new SubmitRefused({
          problem: "sbatch is not there\n  Run on a machine of the cluster, or without --executor slurm."
        })
      }
      // "17", or "17;cluster".
      const job = /^(\d+)/.exec(stdout.trim())?.[1]
      if (code === 0 && job !== undefined) {
        return submission.tasks === 1 ? [job] : Array.from({ length: submission.tasks }, (_, i) => `${job}_${i}`)
      }
      if (TRANSIENT.test(stderr) && attempt < ATTEMPTS) {
        yield* Effect.sleep(PAUSE)
        continue
      }
      const said = stderr.replaceAll(/^sbatch: (error: )?/gm, "  ")
      return yield* new SubmitRefused({
        problem: `Slurm does not take the job:\n${said}\n  It was: sbatch ${args.slice(0, -1).join(" ")}${hintFor(said)}`
      })
    }
  })

/** Without accounting `sacct` fails, and is not asked again: what has ended is forgotten by Slurm after some minutes. */
const makePoll = (): BatchSystem["poll"] => {
  let accounting = true
  const ended = Effect.fnUntraced(function* (ids: ReadonlySet<string>) {
    if (!accounting || ids.size === 0) return new Map<string, TaskState>()
    const jobs = [...ids].join(",")
    const args = ["--allocations", "--parsable2", "--noheader", `--format=${SACCT_FORMAT}`, `--jobs=${jobs}`]
    const { code, stdout } = yield* runProgram("sacct", args, plain)
    if (code !== 0) accounting = false
    return code === 0 ? parseSacct(stdout, ids) : new Map<string, TaskState>()
  })
  return Effect.fnUntraced(function* (ids) {
    const wanted = new Set(ids)
    const args = ["--me", "--states=all", "--array", "--noheader", `--format=${SQUEUE_FORMAT}`]
    const { code, stdout, stderr } = yield* runProgram("squeue", args, plain)
    if (code !== 0) return yield* new PollFailed({ problem: stderr.split("\n").at(-1) ?? `squeue ended with ${code}` })
    const known = parseSqueue(stdout, wanted)
    const rest = yield* ended(new Set(ids.filter((id) => !known.has(id))))
    return new Map([...rest, ...known])
  })
}

export const slurm = (settings: SlurmSettings): BatchSystem => ({
  name: "slurm",
  title: "Slurm",
  most: settings.array ?? MOST_TASKS,
  index: "${SLURM_ARRAY_TASK_ID:-0}",
  submit: submitOf(settings),
  poll: makePoll(),
  cancel: (ids) => Effect.asVoid(runProgram("scancel", ids))
})

export const layer = ({ slurm: settings = {} }: ExecutorSettings): Layer.Layer<Executor> =>
  Layer.effect(Executor, batchExecutor(batchOptions(slurm(settings), settings)))
