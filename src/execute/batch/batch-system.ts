/**
 * A batch system as the batch executor sees it: jobs are submitted, asked about all together, and cancelled. Slurm is one; the
 * executor `command` makes one of three commands. What a job does, how it tells, and what is made of its end is shared.
 */
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

/** What a task asks for. */
export interface TaskNeeds {
  readonly cpus: number
  /** Bytes; undefined leaves it to the batch system. */
  readonly memory: number | undefined
  readonly gpus: number
  /** Time limit in seconds; undefined leaves it to the batch system. */
  readonly seconds: number | undefined
}

/** Tasks that are alike, submitted at once. */
export interface Submission {
  /** Name of the stage. */
  readonly stage: string
  /** Holds the script, and gets what the tasks print: `output-<number>.txt`. */
  readonly folder: string
  readonly script: string
  readonly tasks: number
  readonly needs: TaskNeeds
}

export type TaskEnd =
  | "completed"
  | "failed"
  | "cancelled"
  | "time limit"
  | "out of memory"
  | "preempted"
  | "node failed"
  /** The batch system could not start it. */
  | "not started"
  /** It knows nothing of the task any more. */
  | "gone"

export type TaskState =
  | { readonly status: "queued"; readonly why: string }
  | { readonly status: "running" }
  | { readonly status: "ended"; readonly end: TaskEnd; readonly detail: string }

/** The batch system does not take the task: trying again as it is does not help. */
export class SubmitRefused extends Data.TaggedError("SubmitRefused")<{ readonly problem: string }> {
  override get message(): string {
    return this.problem
  }
}

/** It does not answer now. */
export class PollFailed extends Data.TaggedError("PollFailed")<{ readonly problem: string }> {}

export interface BatchSystem {
  /** As `--executor` names it. */
  readonly name: string
  /** For people. */
  readonly title: string
  /** Tasks of one submission, at most. */
  readonly most: number
  /** The number of a task within its submission, for the shell that runs the script. */
  readonly index: string
  /** Ids of the tasks, in order. */
  readonly submit: (submission: Submission) => Effect.Effect<ReadonlyArray<string>, SubmitRefused>
  /** One question for all. What is not in the answer is not known to it. */
  readonly poll: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, TaskState>, PollFailed>
  readonly cancel: (ids: ReadonlyArray<string>) => Effect.Effect<void>
}
