import { describe, expect, it } from "vitest"
import type { TaskEnd } from "../../../src/execute/batch/batch-system.ts"
import { type EndedTask, judgeEnd } from "../../../src/execute/batch/judge-end.ts"

const ended = (more: Partial<EndedTask>): EndedTask => ({
  title: "Slurm job 17_3",
  result: undefined,
  end: "completed",
  detail: "",
  began: true,
  saved: false,
  before: false,
  printed: "",
  ...more
})
const stopped = (signal: string) => ({ type: "stopped", signal }) as const
const failed = (retryable: boolean) =>
  ({ type: "failed", problem: "the worker was killed (SIGKILL)", retryable, losses: [] }) as const
const problemOf = (task: EndedTask): string => {
  const verdict = judgeEnd(task)
  return verdict.type === "failed" ? verdict.failure.problem : verdict.type
}

describe("the end of a task", () => {
  const unfortunate: ReadonlyArray<TaskEnd> = ["time limit", "preempted", "node failed", "gone"]

  it.each(unfortunate)("%s: with a checkpoint saved it goes on, as often as it saves one", (end) => {
    expect(judgeEnd(ended({ end, saved: true }))).toMatchObject({ type: "again" })
    expect(judgeEnd(ended({ end, saved: true, result: stopped("SIGTERM") }))).toMatchObject({ type: "again" })
  })

  it.each(unfortunate)(
    "%s: without one the stage fails, and may be tried again where more time is not what it lacks",
    (end) => {
      const verdict = judgeEnd(ended({ end }))
      expect(verdict).toMatchObject({ type: "failed", failure: { retryable: end !== "time limit" } })
      expect(problemOf(ended({ end }))).toContain("before its first checkpoint")
    }
  )

  it("after the warning of its time limit, which ends it as completed, goes on from the checkpoint, and without one asks for time", () => {
    expect(judgeEnd(ended({ result: stopped("SIGUSR2"), saved: true }))).toMatchObject({
      type: "again",
      line: "Slurm job 17_3 came to its time limit, with a checkpoint saved: it goes on from there as a further job"
    })
    expect(problemOf(ended({ result: stopped("SIGUSR2") }))).toContain("Give the stage more time")
  })

  it("by somebody else's hand is final, whatever was saved", () => {
    for (const result of [undefined, stopped("SIGTERM")]) {
      expect(judgeEnd(ended({ end: "cancelled", saved: true, result }))).toMatchObject({
        type: "failed",
        failure: { problem: "Slurm job 17_3 was cancelled by somebody else", retryable: false }
      })
    }
  })

  it("for want of memory is told as that, where the state says so and where only what Slurm printed does", () => {
    const wanted = /^Slurm job 17_3 ran out of memory[^]*memory: in its executor's settings/
    expect(problemOf(ended({ end: "out of memory" }))).toMatch(wanted)
    expect(problemOf(ended({ end: "out of memory", result: failed(true) }))).toMatch(wanted)
    const killed = "slurmstepd: error: Detected 1 oom_kill event in StepId=17.batch."
    expect(problemOf(ended({ end: "not started", detail: "JobLaunchFailure", printed: killed }))).toMatch(wanted)
  })

  it("is that of a program that was killed, and not of one that could not be started, where it ran", () => {
    const task = ended({ end: "not started", detail: "JobLaunchFailure: the node could not begin it" })
    expect(problemOf(task)).toBe("Slurm job 17_3 was ended (failed) before its stage was done")
    expect(problemOf({ ...task, began: false })).toContain("could not be started: JobLaunchFailure")
  })

  it("says what the stage said of its own failure", () => {
    expect(judgeEnd(ended({ end: "failed", result: failed(true) }))).toMatchObject({ failure: failed(true) })
  })

  it("before anybody looked is begun again, unless there is a result", () => {
    const done = { type: "done", results: [] } as const
    expect(judgeEnd(ended({ before: true, result: failed(false) }))).toMatchObject({ type: "again" })
    expect(judgeEnd(ended({ before: true, end: "cancelled" }))).toMatchObject({ type: "again" })
    expect(judgeEnd(ended({ before: true, result: done }))).toEqual(done)
  })
})
