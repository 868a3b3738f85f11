/**
 * What a runner costs by itself, beside Snakemake, DVC and ninja, in one run and as ratios:
 * `node bench/runner/main.ts [--peers FOLDER] [--sizes 10,100,300,1000,3000] [--shapes chain,wide,grid] [--runners ...]`
 * `[--repeats 3] [--cold 100]`
 *
 * For each size and shape: CPU seconds of a run that finds everything done, of a plan, and the memory of the largest process. With
 * `--cold N` also what a trivial stage costs on first run, for sizes up to N. `--peers` is the `bin` of a virtual environment:
 * `python3 -m venv peers && peers/bin/pip install snakemake dvc ninja`.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { needsOf, type Shape, shapes } from "./graph.ts"
import { best, type Cost, measure } from "./measure.ts"
import { runners } from "./runners.ts"

const { values } = parseArgs({
  options: {
    peers: { type: "string", default: "peers/bin" },
    sizes: { type: "string", default: "10,100,300,1000,3000" },
    shapes: { type: "string", default: shapes.join(",") },
    runners: { type: "string", default: runners.map(({ name }) => name).join(",") },
    repeats: { type: "string", default: "3" },
    cold: { type: "string", default: "100" }
  }
})
const bin = resolve(values.peers)
const chosen = runners.filter(
  ({ name }) => values.runners.split(",").includes(name) && (name === "pipeline" || existsSync(join(bin, name)))
)
const repeats = Number(values.repeats)
/** DVC takes minutes to run as many stages: its own figures of fewer are asked for instead. */
const MOST_OF_DVC = 300

interface Row {
  readonly cold: Cost
  readonly noop: Cost
  readonly plan: Cost
}

const rowOf = (runner: (typeof runners)[number], shape: Shape, size: number): Row => {
  const directory = mkdtempSync(join(tmpdir(), `runner-${runner.name}-`))
  try {
    runner.write(directory, needsOf(shape, size))
    if (runner.prepare !== undefined) measure(runner.prepare(bin), directory)
    const times = <A>(run: () => A): ReadonlyArray<A> => Array.from({ length: repeats }, run)
    const cold = measure(runner.run(bin), directory)
    const noop = best(times(() => measure(runner.run(bin), directory)))
    const plan = best(times(() => measure(runner.plan(bin), directory)))
    return { cold, noop, plan }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The same command on a graph of one stage: what starting costs, which is no stage's. */
const startOf = new Map(chosen.map((runner) => [runner.name, rowOf(runner, "chain", 1).cold]))

const cells = (texts: ReadonlyArray<string>): string => `| ${texts.join(" | ")} |\n`
process.stdout.write(
  cells([
    "graph",
    "runner",
    "no-op, CPU s",
    "beside ours",
    "plan, CPU s",
    "cold, ms a stage: wall",
    "CPU",
    "memory, MiB"
  ])
)
process.stdout.write(cells(Array.from({ length: 8 }, () => "---")))
for (const size of values.sizes.split(",").map(Number)) {
  for (const shape of values.shapes.split(",") as ReadonlyArray<Shape>) {
    let own: Row | undefined
    for (const runner of chosen) {
      if (runner.name === "dvc" && size > MOST_OF_DVC) continue
      const row = rowOf(runner, shape, size)
      own ??= row
      const start = startOf.get(runner.name) as Cost
      const each = (total: number, once: number): string =>
        size > Number(values.cold) || size === 1 ? "" : (((total - once) / (size - 1)) * 1000).toFixed(1)
      process.stdout.write(
        cells([
          `${shape} of ${size}`,
          runner.name,
          row.noop.cpu.toFixed(2),
          `${(row.noop.cpu / own.noop.cpu).toFixed(1)}x`,
          row.plan.cpu.toFixed(2),
          each(row.cold.wall, start.wall),
          each(row.cold.cpu, start.cpu),
          Math.max(row.noop.memory, row.cold.memory).toFixed(0)
        ])
      )
    }
  }
}
