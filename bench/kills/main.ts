/**
 * Kills runs at random moments and compares what comes out in the end with a run that was left alone:
 * `node bench/kills/main.ts [--kills 200] [--experiment cheap|training] [--seed 1]`
 *
 * What it found wrong is printed, and its folder kept.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as Rng from "../../src/random/rng.ts"
import { randomKills } from "../../test/e2e/random-kills.ts"

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    experiment: { type: "string", default: "cheap" },
    seed: { type: "string", default: "1" }
  }
})

const directory = mkdtempSync(join(tmpdir(), "kills-"))
for (const folder of ["experiments", "tmp"]) mkdirSync(join(directory, folder))
copyFileSync(join(import.meta.dirname, `${values.experiment}.yaml`), join(directory, "experiments", "x.yaml"))

let count = 0
const start = performance.now()
const { kills, whole, wrong } = await randomKills({
  directory,
  experiment: join("experiments", "x.yaml"),
  kills: Number(values.kills),
  random: Rng.make(Number(values.seed), "kills").float,
  onKill: (line) => process.stderr.write(`${++count}: ${line}\n`)
})
const seconds = ((performance.now() - start) / 1000).toFixed(0)
process.stdout.write(
  `${kills.head} heads, ${kills.worker} workers, ${kills.both} times both killed in ${seconds} s; ` +
    `${whole} runs came to their end; ${wrong.length} things wrong\n`
)
for (const line of wrong) process.stdout.write(`  ${line}\n`)
if (wrong.length === 0) rmSync(directory, { recursive: true, force: true })
else process.stdout.write(`kept: ${directory}\n`)
process.exitCode = wrong.length === 0 ? 0 : 1
