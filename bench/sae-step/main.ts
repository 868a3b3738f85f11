/**
 * How long one TopK training step takes beside its own encode product, alternating in one process:
 *   node bench/sae-step/main.ts [--engine tensorflow|wasm] [--repeats 15]
 * Three things are measured in turn: the f32 encode product alone, the trainer's step (src/sae/sae-trainer.ts), and the
 * same arithmetic written with the kernels alone (top-k-step.ts), which shows where the time goes.
 */
import { availableParallelism, cpus, loadavg } from "node:os"
import { parseArgs } from "node:util"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { topk } from "../../src/sae/topk.ts"
import { makeSaeTrainer } from "../../src/sae/sae-trainer.ts"
import { resolveOptions, trainingDefaults } from "../../src/sae/training-options.ts"
import { loadEngine } from "../../src/tensor/engine.ts"
import { makeTopKStep } from "./top-k-step.ts"

const { values: options } = parseArgs({
  options: { engine: { type: "string", default: "auto" }, repeats: { type: "string", default: "15" } }
})
const shape = { dIn: 768, dSae: 12_288, batch: 2048, k: 32 }
const warmUp = 3

class Times {
  readonly #byName = new Map<string, Array<number>>()

  add(name: string, time: number): void {
    const times = this.#byName.get(name) ?? []
    times.push(time)
    this.#byName.set(name, times)
  }

  median(name: string): number {
    const sorted = (this.#byName.get(name) ?? []).toSorted((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? Number.NaN
  }

  least(name: string): number {
    return Math.min(...(this.#byName.get(name) ?? []))
  }

  toString(): string {
    const ms = (value: number): string => `${value.toFixed(1).padStart(7)} ms`
    return [...this.#byName.keys()]
      .map((name) => `${name.padEnd(24)} median ${ms(this.median(name))}   min ${ms(this.least(name))}`)
      .join("\n")
  }
}

const [load = 0] = loadavg()
const engine = await Effect.runPromise(loadEngine(options.engine as "auto"))
const kernels = makeTopKStep(shape)
const x = tf.randomNormal<tf.Rank.R2>([shape.batch, shape.dIn], 0, 1, "float32", 11)
const repeats = Number(options.repeats)
const trainerOptions = resolveOptions(
  {
    ...trainingDefaults,
    architecture: "topk",
    d_sae: shape.dSae,
    k: shape.k,
    steps: 1000,
    batch_rows: shape.batch,
    seed: 0
  },
  shape.dIn
)
const trainer = makeSaeTrainer(topk, trainerOptions, {
  d_in: shape.dIn,
  b_dec: new Float32Array(shape.dIn),
  variance: shape.dIn
})

const times = new Times()
for (let i = -warmUp; i < repeats; i++) {
  const record = i >= 0
  const timed = (name: string, action: () => void): void => {
    const start = performance.now()
    action()
    if (record) times.add(name, performance.now() - start)
  }
  timed("encode product alone", () => kernels.encode(x))
  timed("trainer's step", () => trainer.step(x))
  timed("kernels alone, a step", () => {
    let before = performance.now()
    kernels.run(x, (name) => {
      const now = performance.now()
      if (record) times.add(`  ${name}`, now - before)
      before = now
    })
  })
}
trainer.dispose()
kernels.dispose()

const ratio = (of: "median" | "least", name: string): string =>
  (times[of](name) / times[of]("encode product alone")).toFixed(2)
console.log(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} CPUs, load before the run ${load.toFixed(2)}`
)
console.log(`${engine.name} ${engine.version}, ${engine.isa}, ${engine.threads} threads, f32`)
console.log(`d_in ${shape.dIn}, d_sae ${shape.dSae}, batch ${shape.batch}, k ${shape.k}, TopK, dense Adam`)
console.log(times.toString())
for (const name of ["trainer's step", "kernels alone, a step"]) {
  console.log(`${name} / encode product: ${ratio("median", name)} of medians, ${ratio("least", name)} of minima`)
}
