import { describe, expect, it } from "vitest"
import { sbatchArguments } from "../../../src/execute/slurm/sbatch-arguments.ts"
import { parseSacct, parseSqueue } from "../../../src/execute/slurm/slurm-states.ts"

describe("what Slurm says of tasks", () => {
  // As squeue 22.05.8 printed it; the last task of an array has the array's number in a column of job ids.
  const squeue = `1|0|RUNNING|None
1|1|COMPLETING|None
4|N/A|FAILED|BadConstraints
5|N/A|PENDING|PartitionConfig
6|N/A|PENDING|None
7|N/A|FAILED|JobLaunchFailure
8|N/A|TIMEOUT|TimeLimit
9|N/A|CANCELLED|None
10|N/A|OUT_OF_MEMORY|OutOfMemory
`
  it("is read by array and number, or by the job alone; of others nothing", () => {
    const states = parseSqueue(squeue, new Set(["1_0", "1_1", "4", "5", "6", "7", "8", "9"]))
    expect(Object.fromEntries(states)).toEqual({
      "1_0": { status: "running" },
      // Its processes are being ended, or it is put back into the queue.
      "1_1": { status: "running" },
      "4": { status: "ended", end: "not started", detail: expect.stringContaining("no node has what it asks for") },
      "5": { status: "queued", why: expect.stringContaining("PartitionConfig: as things are, it never will") },
      "6": { status: "queued", why: "" },
      "7": { status: "ended", end: "not started", detail: expect.stringContaining("the node could not begin it") },
      "8": { status: "ended", end: "time limit", detail: "TimeLimit" },
      "9": { status: "ended", end: "cancelled", detail: "" }
    })
  })

  it("is the same from accounting, where it says who cancelled a job", () => {
    const states = parseSacct(
      "17_3|CANCELLED by 1000|0:0\n18|COMPLETED|0:0\n18.batch|COMPLETED|0:0\n19|FAILED|1:0\n",
      new Set(["17_3", "18", "19"])
    )
    expect(Object.fromEntries(states)).toEqual({
      "17_3": { status: "ended", end: "cancelled", detail: "" },
      "18": { status: "ended", end: "completed", detail: "" },
      "19": { status: "ended", end: "failed", detail: "1:0" }
    })
  })
})

describe("what a job asks of Slurm", () => {
  const submission = { stage: "sae", folder: "/store/jobs/x", script: "/store/jobs/x/job.sh", tasks: 3 }
  const needs = { cpus: 8, memory: 3 * 1024 ** 3 + 1, gpus: 1, seconds: 3601 }
  const settings = {
    partition: "cpu",
    account: "lab",
    stages: { sae: { partition: "gpu", gres: "gpu:a100:{gpu}", flags: ["--exclusive"] } }
  }

  it("is what the stage needs, in Slurm's units, and what the settings say, of the stage before the rest", () => {
    expect(sbatchArguments(settings, { ...submission, needs })).toEqual([
      "--parsable",
      "--job-name=sae",
      "--output=/store/jobs/x/output-%a.txt",
      "--open-mode=append",
      "--array=0-2",
      "--partition=gpu",
      "--account=lab",
      "--ntasks=1",
      "--cpus-per-task=8",
      "--mem=3073M",
      "--gres=gpu:a100:1",
      "--time=61",
      "--signal=B:USR2@120",
      "--exclusive",
      "/store/jobs/x/job.sh"
    ])
  })

  it("is no array for one task, and nothing where the cluster's own default holds", () => {
    const bare = { cpus: 1, memory: undefined, gpus: 0, seconds: undefined }
    const args = sbatchArguments({}, { ...submission, stage: "other", tasks: 1, needs: bare })
    expect(args.filter((arg) => /array|mem|gres|time|partition/.test(arg))).toEqual([])
  })

  it("warns a short job late enough that it has done something", () => {
    expect(sbatchArguments({}, { ...submission, needs: { ...needs, seconds: 60 } })).toContain("--signal=B:USR2@15")
    expect(sbatchArguments({ warn: "5 min" }, { ...submission, needs })).toContain("--signal=B:USR2@300")
  })
})
