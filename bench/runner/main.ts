/**
 * What a runner costs by itself, beside Snakemake, DVC and ninja, in one run and as ratios:
 * `node bench/runner/main.ts [--write] [--sizes 10,100,300,1000,3000] [--shapes chain,wide,grid] [--runners ...]`
 * `[--peers FOLDER]`
 *
 * For each size and shape: CPU seconds of a run that finds everything done, of a plan, what a trivial stage costs on first run,
 * and the memory of the largest process. The peers are installed with pip first; `--peers` is the `bin` of an environment that has
 * them. `--write` puts the table into `bench/README.md`. It takes ten minutes or so on two cores that are not busy.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { needsOf, type Shape, shapes } from "./graph.ts"
import { machine } from "./machine.ts"
import { best, type Cost, measure } from "./measure.ts"
import { installPeers, versionsOfPeers } from "./peers.ts"
import { type Runner, runners } from "./runners.ts"

const { values } = parseArgs({
  options: {
    peers: { type: "string" },
    sizes: { type: "string", default: "10,100,300,1000,3000" },
    shapes: { type: "string", default: shapes.join(",") },
    runners: { type: "string", default: runners.map(({ name }) => name).join(",") },
    write: { type: "boolean", default: false }
  }
})
const names = values.runners.split(",")
const bin = names.some((name) => name !== "pipeline") ? resolve(values.peers ?? installPeers()) : ""
const chosen = runners.filter(
  ({ name }) => names.includes(name) && (name === "pipeline" || existsSync(join(bin, name)))
)

/** DVC runs a stage in most of a second, and one after the other: of more there would be no end. */
const mostOf = ({ name }: Runner, shape: Shape): number =>
  name !== "dvc" ? Number.POSITIVE_INFINITY : shape === "chain" ? 100 : 10

/** What takes a second or more is measured once. */
const repeatsOf = ({ name }: Runner, size: number): number => (size > 300 || name === "dvc" ? 1 : 3)

interface Row {
  readonly cold: Cost
  readonly noop: Cost
  readonly plan: Cost
}

const rowOf = (runner: Runner, shape: Shape, size: number): Row => {
  const directory = mkdtempSync(join(tmpdir(), `runner-${runner.name}-`))
  try {
    runner.write(directory, needsOf(shape, size))
    if (runner.prepare !== undefined) measure(runner.prepare(bin), directory)
    const times = <A>(run: () => A): ReadonlyArray<A> => Array.from({ length: repeatsOf(runner, size) }, run)
    const cold = measure(runner.run(bin), directory)
    const noop = best(times(() => measure(runner.run(bin), directory)))
    const plan = best(times(() => measure(runner.plan(bin), directory)))
    return { cold, noop, plan }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const lines: Array<string> = []
const say = (line: string): void => {
  lines.push(line)
  process.stdout.write(`${line}\n`)
}
const cells = (texts: ReadonlyArray<string>): void => say(`| ${texts.join(" | ")} |`)

const peers = chosen.filter(({ name }) => name !== "pipeline").map(({ name }) => `${name} ${versionsOfPeers()[name]}`)
say(`${machine()}. ${peers.join(", ")}; Node ${process.versions.node}. Beside ours: above 1, ours takes less.`)
say("")
cells([
  "graph",
  "runner",
  "no-op, CPU s",
  "beside ours",
  "plan, CPU s",
  "cold, ms a stage: wall",
  "CPU",
  "CPU beside ours",
  "memory, MiB"
])
cells(Array.from({ length: 9 }, (_, i) => (i < 2 ? "---" : "---:")))

/** The same command on a graph of one stage: what starting costs, which is no stage's. The first run fills caches. */
const startOf = new Map(chosen.map((runner) => [runner, best([1, 1].map(() => rowOf(runner, "chain", 1).cold))]))

for (const size of values.sizes.split(",").map(Number)) {
  for (const shape of values.shapes.split(",") as ReadonlyArray<Shape>) {
    let own: Row | undefined
    let ownCold = 0
    for (const runner of chosen.filter((each) => size <= mostOf(each, shape))) {
      const row = rowOf(runner, shape, size)
      const start = startOf.get(runner) as Cost
      const each = (total: number, once: number): number => ((total - once) / (size - 1)) * 1000
      const cold = each(row.cold.cpu, start.cpu)
      own ??= row
      ownCold ||= cold
      cells([
        `${shape} of ${size}`,
        runner.name,
        row.noop.cpu.toFixed(2),
        `${(row.noop.cpu / own.noop.cpu).toFixed(1)}x`,
        row.plan.cpu.toFixed(2),
        each(row.cold.wall, start.wall).toFixed(1),
        cold.toFixed(1),
        `${(cold / ownCold).toFixed(1)}x`,
        Math.max(row.noop.memory, row.cold.memory).toFixed(0)
      ])
    }
  }
}

if (values.write) {
  const readme = resolve(import.meta.dirname, "..", "README.md")
  const text = readFileSync(readme, "utf8")
  const [before, rest] = text.split("<!-- runner: written by main.ts -->\n") as [string, string]
  const after = rest.slice(rest.indexOf("<!-- runner: end -->"))
  writeFileSync(readme, `${before}<!-- runner: written by main.ts -->\n\n${lines.join("\n")}\n\n${after}`)
}
