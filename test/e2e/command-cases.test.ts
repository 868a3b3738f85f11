import { readFileSync, readdirSync, existsSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { cli, type CliResult, finished, project } from "./run-cli.ts"

/** One experiment of what programs do that is not in the manual, and of coordinates of every sort. */
const experiment = `
stages:
  background:
    uses: command
    with: { run: 'setsid sleep 60 & echo $! > "$OUTPUT/pid.txt"; sleep 60 & echo done' }
  nan:
    uses: command
    with: { run: 'printf %s "{\\"loss\\": NaN, \\"acc\\": 0.5}" > "$OUTPUT/metrics.json"; echo weights > "$OUTPUT/w.txt"' }
  nested:
    uses: command
    with: { run: 'printf %s "{\\"train\\": {\\"loss\\": 1.5}, \\"note\\": \\"x\\"}" > "$OUTPUT/metrics.json"' }
  maps:
    uses: command
    matrix: { v: [{ lr: 1.0e-3, k: 8 }, { lr: 1.0e-4, k: 16 }, "meta/llama_3", "meta_llama_3", "meta/llama/3", .5] }
    with: { run: 'printf %s "$VALUE_v" > "$OUTPUT/v.txt"', values: { v: "\${{ matrix.v }}" } }
  all:
    uses: command
    with: { run: 'for d in "$INPUT_all"/*/; do cat "$d/v.txt"; echo; done > "$OUTPUT/all.txt"', inputs: { all: "\${{ stages.maps[*] }}" } }
  half:
    uses: command
    with: { run: 'cat "$INPUT_a/v.txt" > "$OUTPUT/v.txt"', inputs: { a: "\${{ stages.maps[v=.5] }}" } }
`

const keywords = (selector: string): string => `
stages:
  pool:
    uses: command
    matrix: { position: [mean, last, first] }
    with: { run: 'printf %s "$VALUE_p" > "$OUTPUT/p.txt"', values: { p: "\${{ matrix.position }}" } }
  use:
    uses: command
    with: { run: 'cp "$INPUT_a/p.txt" "$OUTPUT/p.txt"', inputs: { a: "\${{ stages.pool[position=${selector}] }}" } }
`

describe("commands and coordinates of every sort", () => {
  let directory: string
  let remove: () => void
  let result: CliResult
  beforeAll(async () => {
    ;({ directory, remove } = project({
      "x.yaml": experiment,
      "bare.yaml": keywords("last"),
      "quoted.yaml": keywords("'last'")
    }))
    result = await cli(["run", "x.yaml", "--json"], { cwd: directory })
  })
  afterAll(() => remove())

  const exported = async (file: string, stage: string, name: string): Promise<string> => {
    const target = join(directory, `out-${stage}`)
    const done = await cli(["export", file, stage, target], { cwd: directory })
    assert.strictEqual(done.code, 0, done.stderr)
    return readFileSync(join(target, name), "utf8")
  }
  const metricsOf = (id: string) => finished(result).stages.find((stage) => stage.id === id)?.metrics

  it("ends a stage when its shell ends, and leaves nothing running", async () => {
    assert.strictEqual(result.code, 0, result.stderr)
    const pid = (await exported("x.yaml", "background", "pid.txt")).trim()
    // It was killed; that it is gone takes the system a moment.
    for (let waited = 0; existsSync(`/proc/${pid}`) && waited < 50; waited++) await setTimeout(100)
    assert.isFalse(existsSync(`/proc/${pid}`))
  })

  it("keeps what a program made, whatever its metrics look like", async () => {
    assert.deepStrictEqual(metricsOf("nan"), { acc: 0.5 })
    assert.strictEqual(await exported("x.yaml", "nan", "w.txt"), "weights\n")
    assert.deepStrictEqual(metricsOf("nested"), { "train.loss": 1.5 })
    const log = await cli(["logs", "nan"], { cwd: directory })
    assert.include(log.stdout, "left out what is no finite number: loss")
  })

  it("gives every instance of a list a folder of its own", async () => {
    const lines = (await exported("x.yaml", "all", "all.txt")).trim().split("\n")
    assert.sameMembers(lines, [
      '{"lr":0.001,"k":8}',
      '{"lr":0.0001,"k":16}',
      "meta/llama_3",
      "meta_llama_3",
      "meta/llama/3",
      "0.5"
    ])
    assert.strictEqual(await exported("x.yaml", "half", "v.txt"), "0.5")
    const [run] = readdirSync(join(directory, "cache", "runs"))
    const logs = readdirSync(join(directory, "cache", "runs", run as string, "logs"))
    assert.isAtLeast(logs.filter((name) => name.startsWith("maps")).length, 6)
  })

  it("shows the logs of all instances that a name stands for, and suggests a name where there is no such stage", async () => {
    const all = await cli(["logs", "maps"], { cwd: directory })
    assert.strictEqual(all.stderr.trim().split("\n").length, 6)
    const some = await cli(["logs", "maps[v=0.50]"], { cwd: directory })
    assert.match(some.stderr, /maps\[v=0\.5\]\.log\n$/)
    const none = await cli(["logs", "mpas"], { cwd: directory })
    assert.strictEqual(none.code, 2)
    assert.include(none.stderr, 'there is no stage "mpas"; did you mean "maps"?')
  })

  it("says so where a file is a folder", async () => {
    const plan = await cli(["plan", "."], { cwd: directory })
    assert.strictEqual(plan.code, 2)
    assert.include(plan.stderr, ".: is a folder; name a YAML file in it")
  })

  it("asks for quotes where a word is a value of the axis and a position on it, and takes what is quoted", async () => {
    const bare = await cli(["plan", "bare.yaml"], { cwd: directory })
    assert.strictEqual(bare.code, 2)
    assert.include(bare.stderr, "write position='last' for the value")
    const quoted = await cli(["run", "quoted.yaml"], { cwd: directory })
    assert.strictEqual(quoted.code, 0, quoted.stderr)
    assert.strictEqual(await exported("quoted.yaml", "use", "p.txt"), "last")
    const plan = await cli(["plan", "quoted.yaml"], { cwd: directory })
    assert.include(plan.stdout, 'pool[position="last"]: hit')
  })
})
