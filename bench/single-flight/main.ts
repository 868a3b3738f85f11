/**
 * Single flight: four runs of one experiment at once, in processes of their own with one store, round after round; each key is
 * computed once. With `--pause` a run is stopped (SIGSTOP) at a random moment for longer than its leases last, while
 * the others go on: a stage may then be computed again, and there is still one result of each key, and no two that differ.
 *
 *     node bench/single-flight/main.ts [--rounds 50] [--runs 4] [--pause] [--folder DIR]
 *
 * `--folder` puts the store on another disk: one that several machines share, for example.
 */
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "50" },
    runs: { type: "string", default: "4" },
    pause: { type: "boolean", default: false },
    folder: { type: "string", default: tmpdir() }
  }
})
const PIPELINE = join(import.meta.dirname, "../../bin/pipeline.mjs")
const LEASE_SECONDS = 1.5

const experiment = (tally: string): string => `name: single-flight
stages:
  work:
    uses: command
    matrix: { i: [0, 1, 2, 3] }
    with: { values: { i: "\${{ matrix.i }}" }, run: 'echo "work $VALUE_i" >> ${tally}; sleep 0.05; echo "$VALUE_i" > "$OUTPUT/i.txt"' }
  join:
    uses: command
    with: { inputs: { all: "\${{ stages.work[*] }}" }, run: 'echo join >> ${tally}; cat "$INPUT_all"/*/i.txt > "$OUTPUT/all.txt"' }
  last:
    uses: command
    with: { inputs: { all: "\${{ stages.join }}" }, run: 'echo last >> ${tally}; sleep 0.1; wc -l < "$INPUT_all/all.txt" > "$OUTPUT/n.txt"' }
`
const STAGES = 6

interface Stage {
  readonly id: string
  readonly status: string
  readonly digest: string
}

interface RunEnd {
  readonly code: number | null
  readonly stages: ReadonlyArray<Stage>
  readonly nondeterministic: number
}

const run = (file: string, cwd: string, pause: boolean): Promise<RunEnd> =>
  new Promise((resolve) => {
    const env = { ...process.env, ...(values.pause ? { PIPELINE_LEASE_SECONDS: String(LEASE_SECONDS) } : {}) }
    const child = spawn(process.execPath, [PIPELINE, "run", file, "--cache", join(cwd, "cache"), "--json"], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"]
    })
    let said = ""
    child.stderr.on("data", (chunk: Buffer) => void (said += chunk.toString()))
    let stages: ReadonlyArray<Stage> = []
    let nondeterministic = 0
    let stops = pause
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = JSON.parse(line) as { readonly type: string; readonly stages?: ReadonlyArray<Stage> }
      if (event.type === "run-finished") stages = event.stages ?? []
      if (event.type === "stage-nondeterministic") nondeterministic++
      if (!stops || event.type !== "stage-started") return
      stops = false
      setTimeout(() => child.kill("SIGSTOP"), Math.random() * 200)
      setTimeout(() => child.kill("SIGCONT"), 200 + 3 * LEASE_SECONDS * 1000)
    })
    child.once("close", (code) => {
      if (code !== 0) console.error(said)
      resolve({ code, stages, nondeterministic })
    })
  })

const fail = (problem: string): never => {
  console.error(problem)
  return process.exit(1)
}

/** Results that the store holds of each key. */
const recordsIn = (cache: string): number =>
  readdirSync(join(cache, "actions"), { recursive: true }).filter((name) => String(name).endsWith(".json")).length

const rounds = Number(values.rounds)
let again = 0
const start = performance.now()
for (let round = 1; round <= rounds; round++) {
  const folder = mkdtempSync(join(values.folder, "single-flight-"))
  const tally = join(folder, "tally")
  const file = join(folder, "experiment.yaml")
  writeFileSync(file, experiment(tally))
  writeFileSync(join(folder, "package.json"), "{}")
  const ends = await Promise.all(
    Array.from({ length: Number(values.runs) }, (_, i) => run(file, folder, values.pause && i === 0))
  )
  const here = `round ${round}, ${folder}`
  if (ends.some(({ code }) => code !== 0)) fail(`${here}: exit codes ${ends.map(({ code }) => code).join(", ")}`)
  const lines = existsSync(tally) ? readFileSync(tally, "utf8").trim().split("\n") : []
  const computed = new Set(lines).size
  again += lines.length - computed
  if (computed !== STAGES) fail(`${here}: computed ${lines.join(", ")}`)
  if (!values.pause && lines.length !== STAGES) fail(`${here}: computed more than once: ${lines.toSorted().join(", ")}`)
  if (ends.some(({ nondeterministic }) => nondeterministic > 0)) fail(`${here}: two results of one key`)
  if (recordsIn(join(folder, "cache")) !== STAGES) fail(`${here}: ${recordsIn(join(folder, "cache"))} records`)
  for (const { id, digest } of ends[0]?.stages ?? []) {
    const others = ends.map(({ stages }) => stages.find((stage) => stage.id === id))
    if (others.some((other) => other?.digest !== digest)) fail(`${here}: ${id} has several digests`)
    const ran = others.filter((other) => other?.status === "ran").length
    if (ran !== 1) fail(`${here}: ${id} ran in ${ran} runs`)
  }
  rmSync(folder, { recursive: true })
}
const seconds = ((performance.now() - start) / 1000 / rounds).toFixed(1)
const more = values.pause ? `, ${again} computed again after a pause` : ""
console.log(
  `${rounds} rounds of ${values.runs} runs at once: ${STAGES} keys each, one result of each${more}; ${seconds} s a round`
)
