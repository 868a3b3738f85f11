import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { executorLayer } from "../../src/execute/by-name/executor-layer.ts"
import { fillTemplate } from "../../src/execute/command/fill-template.ts"
import { Executor } from "../../src/execute/executor.ts"
import { type ExecutorSettings, mergeSettings } from "../../src/specification/executor-settings.ts"
import { compile } from "../../src/plan/compile.ts"

const problemsOf = (executor: string): ReadonlyArray<string> => {
  const text = `executor: ${executor}\nstages: { sae: { uses: nothing } }\n`
  const result = compile({ experiment: { file: "x.yaml", text }, catalog: {}, artifactKinds: [] })
  if (result._tag === "Success") return []
  return result.failure.problems
    .filter(({ path }) => path.startsWith("executor"))
    .map(({ at, path, message }) => `${at.line}:${at.col} ${path}: ${message}`)
}

const refusalOf = (settings: ExecutorSettings): Promise<string> =>
  Effect.runPromise(
    Executor.pipe(
      Effect.provide(executorLayer(settings)),
      Effect.as(""),
      Effect.catch(({ message }) => Effect.succeed(message))
    )
  )

describe("executor:", () => {
  it("tells what is wrong in it where it is written", () => {
    expect(
      problemsOf("{ use: slurm, slurm: { partition: cpu, time: 6 hours, stages: { sae: { time: 90 } } } }")
    ).toEqual([])
    expect(problemsOf("{ slurm: { partitoin: cpu } }")).toEqual([
      '1:22 executor.slurm.partitoin: unknown key; did you mean "partition"?'
    ])
    expect(problemsOf("{ slurm: { time: soon, array: 0 } }")).toEqual([
      expect.stringMatching(/^1:28 executor\.slurm\.time: expected a duration such as 6 hours/),
      expect.stringMatching(/^1:41 executor\.slurm\.array: expected/)
    ])
    expect(problemsOf("{ slurm: { memory: 8 GiB } }")).toEqual([])
    // Eight of what? In bytes, no process starts.
    expect(problemsOf("{ slurm: { memory: 8 } }")).toEqual([
      expect.stringMatching(/^1:30 executor\.slurm\.memory: expected a size with its unit, such as 8 GiB/)
    ])
    expect(problemsOf("{ slurm: { stages: { sea: { time: 90 } } } }")).toEqual([
      expect.stringContaining('executor.slurm.stages.sea: there is no such stage; did you mean "sae"?')
    ])
  })

  it("of the experiment goes before that of the project, key by key and stage by stage", () => {
    expect(
      mergeSettings(
        { use: "slurm", slurm: { partition: "cpu", account: "lab", stages: { a: { cpus: 1 }, b: { cpus: 2 } } } },
        { slurm: { partition: "gpu", stages: { b: { cpus: 3 } } } }
      )
    ).toEqual({
      use: "slurm",
      slurm: { partition: "gpu", account: "lab", stages: { a: { cpus: 1 }, b: { cpus: 3 } } }
    })
  })

  it("names an executor that there is", async () => {
    expect(await refusalOf({ use: "slum" })).toBe('there is no executor "slum"; did you mean "slurm"?')
  })

  it("of commands says which one is missing, and which place of a command means nothing", async () => {
    const commands = { submit: "qsub {script}", status: "qstat", cancel: "qdel {ids}" }
    expect(await refusalOf({ use: "command", command: commands })).toBe("")
    expect(await refusalOf({ use: "command" })).toBe("executor.command.submit: missing")
    expect(await refusalOf({ use: "command", command: { ...commands, cancel: "qdel" } })).toBe(
      "executor.command.cancel: {ids} is missing"
    )
    expect(await refusalOf({ use: "command", command: { ...commands, submit: "qsub -pe {cpu} {script}" } })).toBe(
      "executor.command.submit: {cpu} is none of {script}, {name}, {output}, {cpus}, {memory}, {gpus}, {minutes}; did you mean {cpus}?"
    )
    expect(await refusalOf({ use: "command", command: { ...commands, id: "(" } })).toContain("executor.command.id: ")
  })
})

describe("a command with places", () => {
  it("gets values that the shell takes as they are, and keeps what is the shell's own", () => {
    const values = { script: "/a b/it's.sh", ids: ["1", "2;rm"] }
    expect(fillTemplate("q {script} {ids} ${HOME} ${ids} {other}", values)).toBe(
      `q '/a b/it'\\''s.sh' 1 '2;rm' \${HOME} \${ids} {other}`
    )
  })
})
