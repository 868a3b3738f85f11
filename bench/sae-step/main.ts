/**
 * Our training step beside those of SAELens, dictionary_learning and sparsify, and beside its own f32 encode product, in
 * turn in one run on the same data, with two threads each:
 *   node bench/sae-step/main.ts [--shape small|large] [--architectures topk,gated] [--repeats 7] [--alone] [--run 60,600]
 *     [--precision f32,auto] [--cpu] [--transcoder]
 * small: d_in 768, d_sae 12288; large: d_in 2304, d_sae 16384. --alone: without the other libraries, which are else
 * installed with pip first (some GB). --precision: what finds the latents that may be active. --cpu: CPU time of one thread,
 * for a machine that others use too; with --alone --run 0. --transcoder: each batch is to become the next one, with --run 0.
 * --run: steps of whole runs of TopK, read from disk with checkpoints, a bare step after each of theirs; 0 for none.
 * Prints one Markdown table: medians in ms, and how many times longer the others take.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Rng from "../../src/random/rng.ts"
import { memorySettings } from "../../src/execute/local/memory-settings.ts"
import { joinBlocks } from "../../src/numeric/float-blocks.ts"
import { initialWeights } from "../../src/sae/training/initial-weights.ts"
import type { SharedOptions } from "../../src/sae/settings/shared-options.ts"
import type { SaeArchitecture } from "../../src/sae/architecture.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { architectureOf, makeOwnStep, type StepShape, stepOptions } from "./own-step.ts"
import { libraries, startPeers } from "./peers.ts"
import { wholeRun } from "./whole-run.ts"

// As the pipeline starts its workers; the other libraries' process gets it too.
if (Object.keys(memorySettings).some((name) => process.env[name] === undefined)) {
  const again = spawnSync(process.execPath, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, ...memorySettings }
  })
  process.exit(again.status ?? 1)
}

const { values: given } = parseArgs({
  options: {
    shape: { type: "string", default: "small" },
    architectures: {
      type: "string",
      default: "topk,batch_topk,matryoshka_batch_topk,standard,jumprelu,gated,p_anneal"
    },
    repeats: { type: "string", default: "7" },
    alone: { type: "boolean", default: false },
    run: { type: "string", default: "60,600" },
    precision: { type: "string", default: "f32,auto" },
    cpu: { type: "boolean", default: false },
    transcoder: { type: "boolean", default: false }
  }
})
const sizes = { small: { d_in: 768, d_sae: 12_288 }, large: { d_in: 2304, d_sae: 16_384 } }
const { d_in, d_sae } = sizes[given.shape as keyof typeof sizes]
const [batch, k, batches, l0, threads] = [2048, 32, 4, 100, given.cpu ? 1 : 2]
const repeats = Number(given.repeats)
const warmUp = 2
/** Between two checkpoints: what the pipeline has by default. */
const everySeconds = 30

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

const [load = 0] = loadavg()
const engine = await Effect.runPromise(loadEngine("auto", { threads }))
const rng = Rng.make(0, "bench sae-step")
const data = Float32Array.from({ length: batches * batch * d_in }, () => rng.normal())
const rows = joinBlocks(initialWeights(d_in, d_sae, 0, 1))
const inputs = Array.from({ length: batches }, (_, i) =>
  tf.tensor2d(data.subarray(i * batch * d_in, (i + 1) * batch * d_in), [batch, d_in])
)
const W = tf.tensor2d(rows, [d_sae, d_in])
const encode = (x: tf.Tensor2D): void => tf.matMul(x, W, false, true).dispose()

/** What so many entries a row of x W^T exceed. */
const bias = (): number => {
  const sample = tf.tidy(() => tf.matMul(tf.slice2d(inputs[0] as tf.Tensor2D, [0, 0], [64, d_in]), W, false, true))
  const sorted = sample.dataSync<"float32">().toSorted()
  sample.dispose()
  return sorted.at(-64 * l0) as number
}
const { transcoder } = given
const shape: StepShape = { d_in, d_sae, batch, k, bias: bias(), transcoder }
const folder = mkdtempSync(join(tmpdir(), "sae-step-"))
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, "x.f32"), data)
writeFileSync(join(folder, "rows.f32"), rows)
writeFileSync(join(folder, "shape.json"), JSON.stringify({ ...shape, batches, threads }))
const peers = given.alone ? undefined : await startPeers(folder)

const now = (): number => {
  if (!given.cpu) return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const timed = (action: () => void): number => {
  const start = now()
  action()
  return now() - start
}

interface Line {
  readonly architecture: string
  readonly l0: number
  readonly encode: number
  readonly own: number
  readonly others: ReadonlyArray<number | undefined>
}

const measure = async (architecture: SaeArchitecture, precision: SharedOptions["precision"]): Promise<Line> => {
  const own = makeOwnStep(stepOptions(architecture, shape, precision), await architecture.load(), shape, rows)
  const times = { encode: [] as Array<number>, own: [] as Array<number> }
  const others: Array<number | undefined> = []
  let active = 0
  const ownRound = (round: number): void => {
    const x = inputs[round % batches] as tf.Tensor2D
    const product = timed(() => encode(x))
    const target = transcoder ? inputs[(round + 1) % batches] : undefined
    const step = timed(() => (active = own.step(x, target)))
    if (round < warmUp) return
    times.encode.push(product)
    times.own.push(step)
  }
  // One library at a time is in memory; our own step and the product are measured beside each.
  for (const library of libraries) {
    if (peers === undefined || !(await peers.make(library, architecture.name))) {
      others.push(undefined)
      continue
    }
    const found: Array<number> = []
    for (let round = 0; round < warmUp + repeats; round++) {
      const ms = await peers.step()
      if (round >= warmUp) found.push(ms)
      ownRound(round)
    }
    await peers.drop()
    others.push(median(found))
  }
  for (let round = 0; times.own.length < 2 * repeats; round++) ownRound(round)
  own.dispose()
  const name = precision === "f32" ? architecture.name : `${architecture.name}, ${precision}`
  return { architecture: name, l0: active, encode: median(times.encode), own: median(times.own), others }
}

const cell = (ms: number | undefined, own: number): string =>
  ms === undefined ? "-" : `${ms.toFixed(0)} (${(ms / own).toFixed(1)}x)`

console.log(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} CPUs, load before the run ${load.toFixed(2)}; ` +
    `${engine.name} ${engine.version}, ${engine.isa}, ${engine.kernels} kernels, ${threads} threads; ` +
    `d_in ${d_in}, d_sae ${d_sae}, batch ${batch}, k ${k}\n`
)
console.log(`| architecture | L0 | encode product, ms | our step, ms | of the product | ${libraries.join(" | ")} |`)
console.log(`| --- | --- | --- | --- | --- | ${libraries.map(() => "---").join(" | ")} |`)
const precisions = given.precision.split(",").map((precision) => precision as SharedOptions["precision"])
const cases = given.architectures.split(",").flatMap((name) => {
  const architecture = architectureOf(name)
  return precisions.map((precision) => [architecture, precision] as const)
})
for (const [architecture, precision] of cases) {
  const line = await measure(architecture, precision)
  const { encode: product, own } = line
  const cells = line.others.map((ms) => cell(ms, own)).join(" | ")
  console.log(
    `| ${line.architecture} | ${line.l0.toFixed(0)} | ${product.toFixed(0)} | ${own.toFixed(0)} | ${(own / product).toFixed(2)} | ${cells} |`
  )
}
peers?.end()

const runs = given.run.split(",").map(Number)
if (runs.some((steps) => steps > 0)) {
  console.log(
    `\n| whole run, steps | first step after, s | step, ms | bare step, ms | checkpoints, s | after the last step, s | of the bare step's rate |`
  )
  console.log("| --- | --- | --- | --- | --- | --- | --- |")
}
for (const steps of runs) {
  if (steps === 0) continue
  const architecture = architectureOf("topk")
  // A short run counts latents as dead sooner.
  const options = { ...stepOptions(architecture, shape, "auto"), dead_after: 10_000_000 }
  const own = makeOwnStep(options, await architecture.load(), shape, rows)
  let round = 0
  const bareStep = (): number => timed(() => own.step(inputs[round++ % batches] as tf.Tensor2D)) / 1000
  for (let i = 0; i < warmUp; i++) bareStep()
  const run = await wholeRun(folder, d_in, { ...options, steps }, everySeconds, bareStep)
  own.dispose()
  const ms = (seconds: number): string => (1000 * seconds).toFixed(0)
  console.log(
    `| ${steps} | ${run.start.toFixed(2)} | ${ms(run.step)} | ${ms(run.bare)} | ${run.saved}: ${run.checkpoints.toFixed(2)} | ` +
      `${run.end.toFixed(2)} | ${((100 * steps * run.bare) / run.total).toFixed(0)} % |`
  )
}
tf.dispose([inputs, W])
rmSync(folder, { recursive: true, force: true })
