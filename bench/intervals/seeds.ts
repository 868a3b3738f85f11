/**
 * Do the intervals over five seeds cover what they are of? The quickstart at a reduced size with 40 seeds: explained variance, absorption
 * and the share of novel latents of every seed. Five seeds are drawn of them again and again, the interval is told as the report tells
 * it, and it is counted how often the mean of all of them lies within. Beside it, how often it lies within the interval of a single
 * seed, which is over documents, words or latents and says nothing of seeds: that has to be less.
 *
 *   node bench/intervals/seeds.ts [--cache FOLDER]
 *
 * Runs what is not in the store yet: some 20 minutes of CPU.
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { seedInterval } from "../../src/numeric/seed-interval.ts"
import * as Rng from "../../src/random/rng.ts"

const root = join(import.meta.dirname, "../..")
const { values } = parseArgs({ options: { cache: { type: "string" } } })
const cache = values.cache === undefined ? [] : ["--cache", values.cache]

const pipeline = (command: string, ...args: ReadonlyArray<string>): string => {
  const run = spawnSync(
    process.execPath,
    [join(root, "bin/pipeline.mjs"), command, join(import.meta.dirname, "seeds.yaml"), ...args, ...cache],
    { encoding: "utf8", maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "inherit"] }
  )
  if (run.status !== 0) throw new Error(`pipeline ${command} ended with ${run.status}`)
  return run.stdout
}

interface Table {
  readonly rows: ReadonlyArray<{
    readonly at: Readonly<Record<string, number>>
    readonly metrics: Readonly<Record<string, { readonly mean: number | null } | undefined>>
  }>
}

/** By group (a width): of each seed the metric, and its own interval where it has one. */
const measured = (stage: string, name: string, by: ReadonlyArray<string>) => {
  const names = ["", "_low", "_high"].map((end) => `${stage}.${name}${end}`)
  const table = JSON.parse(pipeline("table", "--by", by.join(","), "--metrics", names.join(","), "--json")) as Table
  const seeds = table.rows.flatMap(({ at, metrics }) => {
    const [value, low, high] = names.map((each) => metrics[each]?.mean ?? undefined)
    return value === undefined ? [] : [{ width: at["width"], value, low, high }]
  })
  return Map.groupBy(seeds, ({ width }) => (width === undefined ? name : `${name}, ${width} latents`))
}

const draws = 20_000
const share = (part: number, whole: number): string => (whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)} %`)

pipeline("run", "evaluate", "absorption", "stitch")
console.log("| | mean | sd over seeds | five seeds cover it | half width | one seed's own interval covers it |")
console.log("| --- | ---: | ---: | ---: | ---: | ---: |")
let worst = 1
for (const [stage, name, by] of [
  ["evaluate", "explained_variance", ["width", "seed"]],
  ["absorption", "mean_absorption_fraction", ["width", "seed"]],
  ["stitch", "novel_fraction", ["seed"]]
] as const) {
  for (const [label, seeds] of measured(stage, name, by)) {
    const all = seeds.map(({ value }) => value)
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length
    const sd = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (all.length - 1))
    const rng = Rng.make(0, label)
    let [covered, half] = [0, 0]
    for (let draw = 0; draw < draws; draw++) {
      const { low, high } = seedInterval(Array.from({ length: 5 }, () => all[rng.int(all.length)] as number))
      half += (high - low) / 2 / draws
      if (low <= mean && mean <= high) covered += 1
    }
    worst = Math.min(worst, covered / draws)
    const own = seeds.flatMap(({ low, high }) => (low === undefined || high === undefined ? [] : [{ low, high }]))
    const holding = own.filter(({ low, high }) => low <= mean && mean <= high).length
    console.log(
      `| ${label} (${all.length} seeds) | ${mean.toFixed(4)} | ${sd.toFixed(4)} | ${share(covered, draws)} | ${half.toFixed(4)} | ${share(holding, own.length)} |`
    )
  }
}
// Student's t takes seeds as normal, which no metric is: from 90 % on it is of use.
process.exitCode = worst < 0.9 ? 1 : 0
