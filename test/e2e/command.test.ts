import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { cli, eventsOf, finished, project, statuses } from "./run-cli.ts"

const experiment = `
params:
  word: { type: string, default: hello }
  sizes: { type: list, items: integer, default: [1, 2] }
stages:
  first:
    uses: command
    with:
      run: sh script.sh
      files: [script.sh]
      values: { word: "\${{ params.word }}" }
  many:
    uses: command
    matrix: { size: "\${{ params.sizes }}" }
    with:
      run: wc -c < "$INPUT_first/out.txt" > "$OUTPUT/n"; echo $VALUE_size >> "$OUTPUT/n"
      inputs: { first: "\${{ stages.first }}" }
      values: { size: "\${{ matrix.size }}" }
  last:
    uses: command
    with:
      run: cat "$INPUT_many"/*/n > "$OUTPUT/all"
      inputs: { many: "\${{ stages.many[*] }}" }
`
const script = `echo "$VALUE_word" > "$OUTPUT/out.txt"; echo '{"letters": 5}' > "$OUTPUT/metrics.json"\n`

let directory: string
let remove: () => void
beforeEach(() => {
  ;({ directory, remove } = project({ "x.yaml": experiment, "script.sh": script }))
})
afterEach(() => remove())

const run = (...args: ReadonlyArray<string>) => cli(["run", "x.yaml", "--json", ...args], { cwd: directory })
const ids = ["first", "many[size=1]", "many[size=2]", "last"]
const all = (status: string): ReadonlyArray<string> => ids.map((id) => `${id} ${status}`)

describe("an experiment of commands", () => {
  it("runs, is all hits the second time, and says only NDJSON on stdout", async () => {
    const first = await run()
    assert.strictEqual(first.code, 0, first.stderr)
    assert.deepStrictEqual(statuses(first), all("ran"))
    assert.deepStrictEqual(finished(first).stages[0]?.metrics, { letters: 5 })
    const second = await run()
    assert.deepStrictEqual(statuses(second), all("hit"))
    assert.deepStrictEqual(
      finished(second).stages.map(({ digest }) => digest),
      finished(first).stages.map(({ digest }) => digest)
    )
  })

  it("says why a stage runs, and stops where the bytes come out the same", async () => {
    await run()
    // Another word of as many letters: `many` runs again and gives the same bytes, so `last` is a hit.
    const changed = await run("--set", "word=howdy")
    assert.deepStrictEqual(statuses(changed), ["first ran", "many[size=1] ran", "many[size=2] ran", "last hit"])
    const reasons = finished(changed).stages[0]?.reasons
    assert.deepInclude(reasons ?? [], {
      path: "params.values.word",
      before: "hello",
      after: "howdy",
      source: "--set word=howdy"
    })
    const why = await cli(["why", "x.yaml", "first", "--set", "word=there"], { cwd: directory })
    assert.include(why.stdout, "params.values.word")
    assert.include(why.stdout, "-> there (--set word=there)")
    const below = await cli(["why", "x.yaml", "many", "--set", "word=there"], { cwd: directory })
    for (const size of [1, 2]) {
      assert.include(below.stdout, `many[size=${size}] is a hit if what comes out of first is unchanged`)
    }
  })

  it("reruns what a changed project file reaches, and names the file", async () => {
    await run()
    writeFileSync(join(directory, "script.sh"), `echo ''\n${script}`)
    const plan = await cli(["plan", "x.yaml"], { cwd: directory })
    assert.include(plan.stdout, "facts.files.script.sh changed")
    assert.deepStrictEqual(statuses(await run()), ["first ran", "many[size=1] hit", "many[size=2] hit", "last hit"])
  })

  it("fails with the program's own words, the log's path last, exit code 1, and keeps what was done", async () => {
    writeFileSync(join(directory, "x.yaml"), experiment.replace(`cat "$INPUT_many"/*/n`, "echo ouch >&2; exit 3"))
    const failed = await run()
    assert.strictEqual(failed.code, 1)
    assert.deepStrictEqual(statuses(failed).slice(0, 3), all("ran").slice(0, 3))
    assert.include(failed.stderr, "last failed:")
    assert.include(failed.stderr, "ended with code 3")
    assert.include(failed.stderr, "ouch")
    assert.match(failed.stderr.trimEnd(), /log: .*last\.log$/)
    writeFileSync(join(directory, "x.yaml"), experiment)
    assert.deepStrictEqual(statuses(await run()), ["first hit", "many[size=1] hit", "many[size=2] hit", "last ran"])
  })

  it("keeps a secret out of keys, logs and events, and fails where it is not set", async () => {
    writeFileSync(
      join(directory, "x.yaml"),
      `stages:\n  ask:\n    uses: command\n    with: { run: 'echo "token $TOKEN"; echo ok > "$OUTPUT/x"', secret: [TOKEN] }\n`
    )
    const missing = await run()
    assert.strictEqual(missing.code, 2)
    assert.include(missing.stderr, "TOKEN is not set")
    const secret = "s3cr3t-value"
    const first = await cli(["run", "x.yaml", "--json"], { cwd: directory, env: { TOKEN: secret } })
    assert.deepStrictEqual(statuses(first), ["ask ran"], first.stderr)
    const other = await cli(["run", "x.yaml", "--json"], { cwd: directory, env: { TOKEN: "another" } })
    assert.deepStrictEqual(statuses(other), ["ask hit"])
    const files = readdirSync(join(directory, "cache"), { recursive: true, withFileTypes: true }).filter((f) =>
      f.isFile()
    )
    const holding = files.filter((f) => readFileSync(join(f.parentPath, f.name)).includes(secret))
    assert.deepStrictEqual(
      holding.map(({ name }) => name),
      []
    )
    assert.notInclude(JSON.stringify(eventsOf(first)), secret)
    const leaking = `stages:\n  leak:\n    uses: command\n    with: { run: 'echo "$TOKEN" | tee "$OUTPUT/x"', secret: [TOKEN] }\n`
    writeFileSync(join(directory, "x.yaml"), leaking)
    const lines = "first-line-of-it\nsecond-line-of-it"
    const leaked = await cli(["run", "x.yaml", "--json"], { cwd: directory, env: { TOKEN: lines } })
    assert.deepStrictEqual(statuses(leaked), ["leak failed"])
    assert.include(leaked.stderr, "$OUTPUT/x holds the value of the secret TOKEN: the output is not taken")
    const kept = readdirSync(join(directory, "cache"), { recursive: true, withFileTypes: true })
    const told = kept.filter((f) => f.isFile() && /-line-of-it/.test(readFileSync(join(f.parentPath, f.name), "utf8")))
    assert.deepStrictEqual(
      told.map(({ name }) => name),
      []
    )
    assert.notMatch(leaked.stdout + leaked.stderr, /-line-of-it/)
  })

  it("refuses a working file that the output kind does not allow", async () => {
    writeFileSync(
      join(directory, "x.yaml"),
      `stages:\n  sae:\n    uses: command\n    with: { run: 'echo no > "$OUTPUT/cfg.json"', output: Sae }\n`
    )
    const failed = await run()
    assert.strictEqual(failed.code, 1)
    assert.include(failed.stderr, "sae failed")
    assert.deepStrictEqual(statuses(failed), ["sae failed"])
  })
})
