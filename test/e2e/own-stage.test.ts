import { chmodSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { objectPath } from "../../src/store/local/layout.ts"
import { cli, finished, project, start, statuses } from "./run-cli.ts"

const formula = "export const double = (x: number): number => x * 2\n"
const kind = `
import * as Effect from "effect/Effect"
import { Files } from "sae-pipeline/kinds"
import { Param, Stage } from "sae-pipeline/stage"
import { double } from "../double.ts"

export default Stage.make("doubled", {
  summary: "Doubles a number",
  inputs: {},
  params: { x: Param.number({ description: "the number" }) },
  output: Files,
  decode: (params) =>
    Stage.decoded(params, params.x > 100 ? [{ param: "x", problem: "x is above 100", remedy: "lower it" }] : []),
  metrics: {
    y: { better: "neither", tolerance: 0, description: "twice x" },
    root: { better: "neither", tolerance: 0, description: "of twice x", optional: true },
    half: { better: "neither", tolerance: 0, description: "of twice x again", interval: "nobody's coins" }
  },
  engine: false,
  isolation: "pool",
  run: ({ params, output }) =>
    Effect.gen(function* () {
      yield* output.writeJson("y.json", double(params.x))
      return { y: double(params.x), root: { unmeasured: "roots are not for today" }, half: { value: 21, low: 20, high: 22 } }
    })
})
`
const experiment = `stages:
  slow: { uses: command, with: { run: 'sleep 2; echo 1 > "$OUTPUT/x"' } }
  twice: { uses: doubled, with: { x: 21 } }
  after: { uses: doubled, with: { x: 1 }, needs: [slow] }
`

let directory: string
let remove: () => void
beforeEach(() => {
  ;({ directory, remove } = project({ "x.yaml": experiment, "stages/doubled.ts": kind, "double.ts": formula }))
  writeFileSync(join(directory, "package.json"), `{ "type": "module" }`)
})
afterEach(() => remove())

const run = (...args: ReadonlyArray<string>) => cli(["run", "x.yaml", "--json", ...args], { cwd: directory })
const edit = (text: string): void => writeFileSync(join(directory, "double.ts"), text)

describe("a stage kind of the user's own", { timeout: 120_000 }, () => {
  it("is found by its name, and reruns for a changed formula, not for a comment or a type", async () => {
    const first = await run("twice")
    assert.deepStrictEqual(statuses(first), ["twice ran"], first.stderr)
    assert.deepStrictEqual(finished(first).stages[0]?.metrics, { y: 42, half: 21, half_low: 20, half_high: 22 })
    const shown = await cli(["show", "x.yaml", "twice"], { cwd: directory })
    assert.match(shown.stdout, /^  y +42 +twice x$/m)
    assert.match(shown.stdout, /^  half +21 ± 1 +of twice x again; ± over nobody's coins$/m)
    assert.match(shown.stdout, /^  root +none +not measured: roots are not for today$/m)
    edit(`// twice as much\nexport interface Unused { a: string }\n${formula}`)
    assert.deepStrictEqual(statuses(await run("twice")), ["twice hit"])
    edit(formula.replace("x * 2", "x + x + 0"))
    const why = await cli(["why", "x.yaml", "twice"], { cwd: directory })
    assert.include(why.stdout, "code double.ts changed")
    assert.notInclude(why.stdout, "doubled.ts")
    // Other code, same bytes: a new key with the same digest.
    assert.deepStrictEqual(statuses(await run("twice")), ["twice ran"])
    edit(formula)
    assert.deepStrictEqual(statuses(await run("twice")), ["twice hit"])
  })

  it("whose result is damaged is made again by the command that `show` and `export` tell", async () => {
    await run("twice")
    const { files } = JSON.parse((await cli(["show", "x.yaml", "twice", "--json"], { cwd: directory })).stdout) as {
      readonly files: ReadonlyArray<{ readonly path: string; readonly sha256: string }>
    }
    const { sha256 } = files.find(({ path }) => path !== "artifact.json") ?? { sha256: "" }
    const blob = objectPath(join(directory, "cache"), sha256)
    chmodSync(blob, 0o644)
    writeFileSync(blob, "z".repeat(statSync(blob).size))
    for (const command of [
      ["show", "x.yaml", "twice"],
      ["export", "x.yaml", "twice", "out"]
    ]) {
      const told = await cli(command, { cwd: directory })
      assert.strictEqual(told.code, 1)
      assert.include(told.stderr, "`pipeline run x.yaml --force 'twice'` computes it again")
    }
    assert.deepStrictEqual(statuses(await run("twice", "--force", "twice")), ["twice ran"])
    assert.strictEqual((await cli(["export", "x.yaml", "twice", "out"], { cwd: directory })).code, 0)
  })

  it("does not compute under the key of code that has changed since the plan", async () => {
    const running = start(["run", "x.yaml", "--json"], { cwd: directory })
    await running.until('"type":"stage-started"')
    edit(formula.replace("x * 2", "x * 3"))
    const ended = await running.done
    assert.strictEqual(ended.code, 1)
    assert.include(ended.stderr, "has changed since this run was planned")
    assert.deepStrictEqual(statuses(await run("after")), ["slow hit", "after ran"])
  })

  it("tells a parameter that is missing, misspelled or of the wrong type, where it is written", async () => {
    writeFileSync(
      join(directory, "x.yaml"),
      `stages:\n  a: { uses: doubled, with: { y: 3 } }\n  b: { uses: doubled, with: { x: no } }\n`
    )
    const wrong = await run()
    assert.strictEqual(wrong.code, 2)
    const lines = wrong.stderr.trim().split("\n")
    assert.strictEqual(lines.filter((line) => line.startsWith("x.yaml:2:")).length, 2, wrong.stderr)
    assert.strictEqual(lines.filter((line) => line.startsWith("x.yaml:3:")).length, 1, wrong.stderr)
    writeFileSync(join(directory, "x.yaml"), "stages:\n  c: { uses: doubled, with: { x: 101 } }\n")
    assert.include((await run()).stderr, "x.yaml:2:34 stages.c.with.x: x is above 100; lower it")
  })
})
