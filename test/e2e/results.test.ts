import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { session } from "./cli-session.ts"
import type { Spoken } from "./cli-session.ts"
import { cli, project, start } from "./run-cli.ts"

const kind = `
import * as Effect from "effect/Effect"
import { Files } from "sae-pipeline/kinds"
import { Param, Stage } from "sae-pipeline/stage"
const sum = (a: number, b: number): number => a + b
export default Stage.make("count", {
  summary: "Counts",
  inputs: { from: Stage.optional(Files, "counted before") },
  params: { n: Param.integer({ description: "how far", default: 3 }), seed: Param.integer({ description: "seed", default: 0 }) },
  output: Files,
  metrics: { count: { better: "higher", tolerance: 1, description: "how many" } },
  engine: false,
  isolation: "inline",
  run: ({ params, output }) => Effect.as(output.writeJson("n.json", params.n), { count: sum(params.n, params.seed) })
})
`
const experiment = `
params: { n: { type: integer, default: 4 } }
stages:
  small: { uses: count, matrix: { width: [1, 2], seed: [0, 1] }, with: { n: "\${{ matrix.width }}", seed: "\${{ matrix.seed }}" } }
  large: { uses: count, with: { from: "\${{ stages.small[width=1, seed=0] }}", n: "\${{ params.n }}" } }
`

const { directory, remove } = project({
  "x.yaml": experiment,
  "stages/count.ts": kind,
  "package.json": `{"type":"module"}`
})
afterAll(remove)
let said: ReadonlyArray<Spoken>
const at = (i: number): Spoken => said[i] as Spoken

describe("an experiment that has run twice, with one number changed", () => {
  beforeAll(async () => {
    const lines = [
      ["run", "x.yaml"],
      ["run", "x.yaml", "--set", "n=7"],
      ["graph", "x.yaml", "--set", "n=9"],
      ["diff", "x.yaml", "--set", "n=7"],
      ["diff", "x.yaml", "latest", "--json"],
      ["table", "x.yaml", "--by", "width", "--csv"],
      ["table", "x.yaml", "--runs", "--by", "large.n"],
      ["diff", "x.yaml"],
      ["show", "x.yaml", "small[width=2]"],
      ["show", "x.yaml", "small"]
    ]
    // Port 9 discards what it gets where it is served at all.
    said = await session(directory, lines, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" })
  }, 120_000)

  it("shows of several seeds the mean and its interval, and asks which one where more than the seed differs", () => {
    // 2 and 3: mean 2.5, Student's t of one degree of freedom 12.706 x 0.5.
    assert.match(at(8).stdout, /small\[width=2\]: count, .* over small\[width=2,seed=0\], small\[width=2,seed=1\]/)
    assert.match(at(8).stdout, /count\s+2\.5 ± 6\.4 \(2 seeds\)\s+how many/)
    assert.include(at(9).stderr, "small names 4 stages, say which one")
  })

  it("says after a run what to look at, and that nobody wants its spans", () => {
    assert.include(at(0).stderr, "OpenTelemetry: no spans, nobody listens at http://127.0.0.1:9")
    assert.strictEqual(at(0).failed, false, at(0).stderr)
    assert.include(at(1).stderr, "next     pipeline show x.yaml large --set n=7")
  })

  it("is drawn with what is a hit", () => {
    assert.match(at(2).stdout, /^● {2}small ×4 +width=1,2 seed=0,1 +count +hit\n○ {2}large +count +to run\n$/)
  })

  it("is told apart from itself with another number: parameter, line, metric, tolerance", () => {
    assert.match(at(3).stdout, /params\.n 4 -> 7 \(--set n=7\) +large\n/)
    assert.match(at(3).stdout, /large +count +4 +7 +\+3 +beyond 1, better; its noise is not known\n/)
    assert.include(at(3).stdout, "5 stages on both sides: 4 with the same bytes, 1 with others")
    const { stages, after } = JSON.parse(at(4).stdout) as {
      readonly after: string
      readonly stages: ReadonlyArray<{ readonly id: string; readonly metrics: ReadonlyArray<unknown> }>
    }
    assert.match(after, /^\d{8}-\d{6}-\w+ \(x\.yaml\)$/)
    assert.deepInclude(stages.find(({ id }) => id === "large")?.metrics[0], { before: 4, after: 7, verdict: "beyond" })
    assert.include(at(7).stderr, "what x.yaml is compared with")
  })

  it("is a table with means over what is no axis, which are told, and over runs each result once", () => {
    // Half widths over two seeds: 12.706 x 0.7071 / sqrt(2).
    assert.match(
      at(5).stdout,
      /^width,count,count_sd,count_half_width,count_n\r\n1,1\.5,0\.707\d+,6\.353\d+,2\r\n2,2\.5,0\.707\d+,6\.353\d+,2\n$/
    )
    assert.include(at(5).stderr, "small: mean ± half of its 95 % interval over seeds")
    assert.match(at(6).stdout, /^large\.n +count\n4 +4\n7 +7\n$/)
  })
})

describe("accept", () => {
  it("keeps results where code alone differs, refuses more unless it is named, and takes it back", async () => {
    const file = join(directory, "stages", "count.ts")
    writeFileSync(file, readFileSync(file, "utf8").replace("a + b", "b + a"))
    const lines = [
      ["accept", "x.yaml", "large"],
      ["accept", "x.yaml", "small", "large"],
      ["accept", "x.yaml", "small", "large", "--also", "params.n"],
      ["status", "x.yaml", "--json"],
      ["show", "x.yaml", "large"],
      ["crate", "x.yaml", "crate", "--data"],
      ["accept", "x.yaml", "small", "large", "--undo"],
      ["plan", "x.yaml"],
      ["accept", "x.yaml", "small", "--undo"]
    ]
    const [below, more, accepted, status, shown, crate, undone, plan, again] = await session(directory, lines)
    assert.include(more?.stderr, "large: more than its code differs:\n    params.n 7 -> 4 (x.yaml:2)")
    assert.include(below?.stderr, "--also 'params.n'")
    assert.strictEqual(accepted?.stderr.match(/^accepted /gm)?.length, 5, accepted?.stderr)
    const { stages } = JSON.parse(status?.stdout ?? "") as {
      readonly stages: ReadonlyArray<{ readonly action: string }>
    }
    assert.deepStrictEqual(
      stages.map(({ action }) => action),
      Array(5).fill("hit")
    )
    assert.match(shown?.stdout ?? "", /accepted by `pipeline accept`: computed under the key [0-9a-f]{64}/)
    assert.include(crate?.stderr, "5 results in crate/ro-crate-metadata.json")
    const listed = JSON.parse(readFileSync(join(directory, "crate", "ro-crate-metadata.json"), "utf8")) as {
      readonly "@graph": ReadonlyArray<{ readonly "@id": string; readonly "@type": unknown; readonly sha256?: string }>
    }
    const files = listed["@graph"].filter(({ sha256 }) => sha256 !== undefined)
    assert.isAbove(files.length, 10)
    for (const file of files) {
      const bytes = readFileSync(join(directory, "crate", decodeURIComponent(file["@id"])))
      assert.strictEqual(createHash("sha256").update(bytes).digest("hex"), file.sha256)
    }
    assert.strictEqual(undone?.stderr.match(/^no longer accepted: /gm)?.length, 5, undone?.stderr)
    assert.match(plan?.stdout ?? "", /small\[width=1,seed=0\]: run\n {4}code stages\/count\.ts changed/)
    assert.include(again?.stderr, "nothing to undo")
  }, 120_000)
})

describe("a run of another process", () => {
  it("is watched and its logs are followed until it ends, and one that was killed is told as that", async () => {
    const steps = "for i in 1 2 3; do echo line $i; sleep 0.3; done; echo x > $OUTPUT/x"
    const text = `stages:\n  a: { uses: command, with: { run: '${steps}' } }\n  b: { uses: command, needs: [a], with: { run: "exit 3" } }\n`
    writeFileSync(join(directory, "slow.yaml"), text)
    const run = start(["run", "slow.yaml", "--json"], { cwd: directory })
    await run.until('"line":"line 1"')
    const [logs, watched, graph] = await Promise.all([
      session(directory, [["logs", "a", "--follow"]]),
      cli(["watch", "--json"], { cwd: directory }),
      session(directory, [["graph", "slow.yaml"]])
    ])
    const { stdout } = await run.done
    assert.strictEqual(logs[0]?.stdout, "line 1\nline 2\nline 3\n")
    // All events but those that the record thins out.
    assert.strictEqual(watched.stdout, stdout)
    assert.strictEqual(watched.code, 1)
    assert.match(watched.stderr, /failed: b: .* ended with code 3/)
    assert.include(graph[0]?.stdout, "command")

    writeFileSync(join(directory, "slow.yaml"), text.replace("0.3", "30"))
    const killed = start(["run", "slow.yaml", "--json"], { cwd: directory })
    await killed.until('"line":"line 1"')
    killed.child.kill("SIGKILL")
    await killed.done
    const [ended] = await session(directory, [["watch"]])
    assert.include(ended?.stderr, "has ended without a word: its process is gone")
  }, 120_000)
})

describe("what a stage reads without declaring it", () => {
  it("is told, and fails it under --strict: of an own kind, of a program; what is declared, made or imported is none of it", async () => {
    const reads = kind
      .replace('"count"', '"reads"')
      .replace(
        'import * as Effect from "effect/Effect"',
        'import * as Effect from "effect/Effect"\nimport { readFileSync } from "node:fs"\nimport { far } from "../far.ts"'
      )
      .replace("{ params, output }", "{ params, output, projectDirectory }")
      .replace("sum(params.n, params.seed)", 'far + readFileSync(projectDirectory + "/notes.txt", "utf8").length')
      .replace('isolation: "inline"', 'isolation: "pool"')
    writeFileSync(join(directory, "stages", "reads.ts"), reads)
    writeFileSync(join(directory, "far.ts"), "export const far = 3\n")
    writeFileSync(join(directory, "notes.txt"), "notes")
    writeFileSync(join(directory, "own.sh"), 'cat "$VALUE_at/notes.txt" "$VALUE_at/own.sh" > $OUTPUT/x\n')
    const run = 'sh own.sh; echo y > "$VALUE_at/made.txt"; cat "$VALUE_at/made.txt"'
    writeFileSync(
      join(directory, "open.yaml"),
      `stages:\n  own: { uses: reads }\n  program: { uses: command, with: { run: '${run}', files: [own.sh], values: { at: ${directory} } } }\n`
    )
    const [told, later, strict] = await session(directory, [
      ["run", "open.yaml"],
      ["run", "open.yaml", "--strict"],
      ["run", "open.yaml", "--strict", "--keep-going", "--force", "own", "--force", "program"]
    ])
    const text = "it read files of the project that are not in its key: notes.txt"
    assert.include(told?.stderr, `own: ${text}; import them`)
    assert.strictEqual(told?.failed, false, told?.stderr)
    // What was seen when it was computed is in its record.
    assert.strictEqual(later?.failed, true)
    assert.include(later?.stderr, `own failed: when its result was computed, ${text}\n`)
    assert.strictEqual(strict?.failed, true)
    assert.include(strict?.stderr, `own failed: ${text}\n`)
    // Where strace is not there, a program cannot be judged, and that is what it fails of.
    if (strict?.stderr.includes("cannot be seen: strace") !== true) {
      assert.include(told?.stderr, `program: ${text}; declare them`)
      assert.include(strict?.stderr, `program failed: ${text}\n`)
    }
  }, 120_000)
})
