/** The lock file by the command line: written, kept, refused by, reproduced. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { runWorkflow, workflow } from "./run-workflow.ts"
import { cli, project } from "./run-cli.ts"

const formula = "export const double = (x: number): number => x * 2\n"
const kind = `
import * as Effect from "effect/Effect"
import { Files } from "sae-pipeline/kinds"
import { Param, Stage } from "sae-pipeline/stage"
import { double } from "../double.ts"

export default Stage.make("doubled", {
  summary: "Doubles a number",
  inputs: { of: Stage.optional(Files, "added to it") },
  params: { x: Param.number({ description: "the number" }) },
  output: Files,
  metrics: { y: { better: "neither", tolerance: 0.5, description: "twice x" } },
  engine: false,
  isolation: "inline",
  run: ({ params, inputs, output }) =>
    Effect.gen(function* () {
      const above = inputs.of === undefined ? 0 : Number(yield* inputs.of.artifact.readText("y.json"))
      const y = double(params.x) + above
      yield* output.writeJson("y.json", y)
      return { y }
    })
})
`
const experiment = `stages:
  a: { uses: doubled, with: { x: 21 } }
  b: { uses: doubled, matrix: { x: [1, 2] }, with: { x: "\${{ matrix.x }}", of: "\${{ stages.a }}" } }
`
const { directory, remove } = project({
  "x.yaml": experiment,
  "stages/doubled.ts": kind,
  "double.ts": formula,
  "package.json": `{ "type": "module" }`
})
afterAll(remove)
const call = (...args: ReadonlyArray<string>) => cli(args, { cwd: directory })
const lock = (): string => readFileSync(join(directory, "x.lock.yaml"), "utf8")
const edit = (text: string): void => writeFileSync(join(directory, "double.ts"), text)

describe("a lock file", { timeout: 240_000 }, () => {
  beforeAll(async () => {
    const first = await call("run", "x.yaml", "--lock")
    assert.strictEqual(first.code, 0, first.stderr)
    assert.include(first.stderr, "lock: x.lock.yaml written, 3 stages\n")
  })

  it("holds one field a line, and no path of this machine", () => {
    assert.match(lock(), /^ {2}"b\[x=2\]":\n {4}kind: doubled\n {4}key: [0-9a-f]{64}\n/m)
    assert.include(lock(), "    engine: null\n    metrics:\n      y: { value: 46, tolerance: 0.5 }\n")
    assert.notInclude(lock(), directory)
  })

  it("is reproduced in an empty store, which --cache keeps", async () => {
    const { code, stdout, stderr } = await call("reproduce", "x.yaml", "--cache", "fresh", "--junit", "junit.xml")
    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, /^a +same digest/m)
    assert.match(stdout, /^3 stages: 3 same digest$/m)
    assert.include(readFileSync(join(directory, "junit.xml"), "utf8"), 'tests="3" failures="0"')
    assert.isTrue(existsSync(join(directory, "fresh", "actions")))
    const full = await call("reproduce", "x.yaml", "--cache", "fresh")
    assert.strictEqual(full.code, 2)
    assert.include(full.stderr, "--cache fresh: it is not empty")
  })

  it("fails the reproduction of changed code with the stage and the metric, and is refused by --frozen", async () => {
    edit(formula.replace("x * 2", "x * 2 + 1"))
    const { code, stdout, stderr } = await call("reproduce", "x.yaml", "--stages", "b[x=1]", "--summary", "summary.md")
    assert.strictEqual(code, 1)
    assert.match(stdout, /^a +DIFFERS.* code changed\n {4}y 42 -> 43, by 1 \(tolerance 0\.5\)$/m)
    assert.include(stderr, "not reproduced: a, b[x=1]\n")
    assert.include(readFileSync(join(directory, "summary.md"), "utf8"), "| a | **y** | 42 | 43 | +1 | 0.5 |\n")
    const frozen = await call("run", "x.yaml", "--frozen")
    assert.strictEqual(frozen.code, 3)
    assert.match(frozen.stderr, /^x\.lock\.yaml:\d+:3 stages\.a: code double\.ts changed$/m)
    assert.include(frozen.stderr, "`pipeline run x.yaml --lock` locks what the files say now")
    edit(formula)
  })

  it("is left as it is by --set, and brought up to date by a run of changed files", async () => {
    const before = lock()
    await call("run", "x.yaml", "--set", "stages.a.with.x=5")
    assert.strictEqual(lock(), before)
    writeFileSync(join(directory, "x.yaml"), experiment.replace("x: 21", "x: 22"))
    const run = await call("run", "x.yaml")
    assert.include(run.stderr, "lock: x.lock.yaml brought up to date: a, b[x=1], b[x=2]\n")
    assert.include(lock(), "y: { value: 44, tolerance: 0.5 }")
  })

  it("that is damaged stops plan and run with its line; --lock writes it anew", async () => {
    const before = lock()
    writeFileSync(join(directory, "x.lock.yaml"), before.replace("stages:\n", "stages:\n<<<<<<< main\n"))
    const plan = await call("plan", "x.yaml")
    assert.strictEqual(plan.code, 2)
    assert.match(plan.stderr, /^x\.lock\.yaml:\d+:1: two branches changed the same stage/m)
    const anew = await call("run", "x.yaml", "--lock")
    assert.include(anew.stderr, "x.lock.yaml could not be read, and is written anew")
    assert.strictEqual(lock(), before)
  })

  it("is what the workflow of the documentation reproduces, with a summary for the job and the pull request", async () => {
    mkdirSync(join(directory, "experiments"))
    writeFileSync(join(directory, "experiments", "first.yaml"), experiment.split("\n").slice(0, 2).join("\n"))
    assert.strictEqual((await call("run", "experiments/first.yaml", "--lock")).code, 0)
    const { permissions, jobs } = workflow()
    assert.deepStrictEqual(permissions, { contents: "read" })
    assert.deepStrictEqual(jobs["reproduce"]?.permissions, undefined)
    // What may write checks out and runs nothing of the pull request.
    assert.deepStrictEqual(jobs["comment"]?.permissions, { "pull-requests": "write" })
    assert.isTrue(jobs["comment"]?.steps.every(({ run = "gh " }) => run.startsWith("gh ")))
    const { code, output } = runWorkflow(directory)
    assert.strictEqual(code, 0, output)
    assert.include(output, "1 stage: 1 same digest")
    const summary = readFileSync(join(directory, "step-summary.md"), "utf8")
    assert.match(summary, /^### `experiments\/first\.yaml`: reproduced$/m)
    assert.strictEqual(readFileSync(join(directory, "comment.md"), "utf8"), summary)
    assert.include(output, "gh pr comment 7 --repo org/project --edit-last --create-if-none --body-file summary.md\n")
    edit(formula.replace("* 2", "* 3"))
    const failed = runWorkflow(directory)
    assert.strictEqual(failed.code, 1, failed.output)
    assert.include(readFileSync(join(directory, "comment.md"), "utf8"), "**not reproduced**")
    edit(formula)
  })

  it("whose stage is computed twice comes out twice the same, or not, with the files that differ", async () => {
    const same = await call("run", "x.yaml", "--verify-determinism", "a")
    assert.strictEqual(same.code, 0, same.stderr)
    assert.match(same.stderr, /^a: twice the same, [0-9a-f]{12}$/m)
    edit("export const double = (x: number): number => x * process.hrtime()[1]\n")
    const other = await call("run", "x.yaml", "--verify-determinism", "a")
    assert.strictEqual(other.code, 1)
    assert.match(
      other.stderr,
      /^a: NOT DETERMINISTIC.*\n {4}files that differ: metrics\.json, y\.json\n {4}y \d+, then \d+$/m
    )
    assert.notInclude(readFileSync(join(directory, "x.lock.yaml"), "utf8"), "hrtime")
    edit(formula)
  })
})
