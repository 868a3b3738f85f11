/**
 * How long one TopK training step takes beside its own encode product, alternating in one process:
 *   node bench/sae-step/main.ts [--engine tensorflow|wasm] [--repeats 15]
 * Prints milliseconds (median and minimum), their ratio, and where the step's time goes.
 */
import { availableParallelism, cpus, loadavg } from "node:os"
import { parseArgs } from "node:util"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { loadEngine } from "../../src/tensor/engine.ts"
import { makeTopKStep } from "./top-k-step.ts"

const { values: options } = parseArgs({
  options: { engine: { type: "string", default: "auto" }, repeats: { type: "string", default: "15" } }
})
const shape = { dIn: 768, dSae: 12_288, batch: 2048, k: 32 }
const WARM_UP = 3

const median = (times: ReadonlyArray<number>): number =>
  times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN
const ms = (value: number): string => value.toFixed(1).padStart(8)
const summary = (name: string, times: ReadonlyArray<number>): string =>
  `${name.padEnd(22)} median ${ms(median(times))} ms   min ${ms(Math.min(...times))} ms`

const [load = 0] = loadavg()
const engine = await Effect.runPromise(loadEngine(options.engine as "auto"))
const step = makeTopKStep(shape)
const x = tf.randomNormal<tf.Rank.R2>([shape.batch, shape.dIn], 0, 1, "float32", 11)

const encodeTimes: Array<number> = []
const stepTimes: Array<number> = []
const parts = new Map<string, Array<number>>()
const losses: Array<number> = []
for (let i = -WARM_UP; i < Number(options.repeats); i++) {
  const start = performance.now()
  step.encode(x)
  const encoded = performance.now()
  let before = encoded
  const laps: Array<readonly [string, number]> = []
  const loss = step.run(x, (name) => {
    const now = performance.now()
    laps.push([name, now - before])
    before = now
  })
  const end = performance.now()
  losses.push(loss)
  if (i < 0) continue
  encodeTimes.push(encoded - start)
  stepTimes.push(end - encoded)
  for (const [name, time] of laps) parts.set(name, [...(parts.get(name) ?? []), time])
}

console.log(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} CPUs, load before the run ${load.toFixed(2)}`
)
console.log(`${engine.name} ${engine.version}, ${engine.isa}, ${engine.threads} threads, f32`)
console.log(`d_in ${shape.dIn}, d_sae ${shape.dSae}, batch ${shape.batch}, k ${shape.k}, TopK, dense Adam`)
console.log(summary("encode product alone", encodeTimes))
console.log(summary("training step", stepTimes))
for (const [name, times] of parts) console.log(summary(`  ${name}`, times))
console.log(
  `ratio of medians ${(median(stepTimes) / median(encodeTimes)).toFixed(2)}, of minima ${(Math.min(...stepTimes) / Math.min(...encodeTimes)).toFixed(2)}`
)
console.log(`loss ${losses[0]?.toFixed(6)} -> ${losses.at(-1)?.toFixed(6)}`)
step.dispose()
