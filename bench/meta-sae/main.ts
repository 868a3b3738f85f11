/**
 * Time and memory of `train-meta-sae` by a preset, with its two baselines, on a decoder whose rows are sums of parts in common.
 *
 *   node bench/meta-sae/main.ts [--latents 16384] [--d_in 768] [--preset none] [--steps N]
 */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import { type MetaPresetName, metaSettings } from "../../src/analysis/meta-sae/meta-presets.ts"
import { trainMetaSae } from "../../src/analysis/meta-sae/train-meta-sae.ts"
import { randomUnitRows } from "../../src/random/random-unit-rows.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"

const { values } = parseArgs({
  options: {
    latents: { type: "string", default: "16384" },
    d_in: { type: "string", default: "768" },
    preset: { type: "string", default: "none" },
    steps: { type: "string" }
  }
})
const [latents, d] = [Number(values.latents), Number(values.d_in)]

/** Each row is the sum of 3 parts of a sixteenth as many, and of a direction of its own. */
const planted = (): Float32Array<ArrayBuffer> => {
  const rng = Rng.make(0, "planted decoder")
  const parts = randomUnitRows(latents >> 4, d, 1)
  const rows = randomUnitRows(latents, d, 2).map((x) => 0.4 * x)
  for (let row = 0; row < rows.length; row += d) {
    for (let n = 0; n < 3; n++) {
      const [part, weight] = [rng.int(latents >> 4) * d, 0.5 + rng.float()]
      for (let i = 0; i < d; i++) rows[row + i]! += weight * parts[part + i]!
    }
  }
  return rows
}

const program = Effect.gen(function* () {
  const engine = yield* loadEngine("tensorflow", { threads: 2 })
  const k = 4
  const settings = metaSettings(
    {
      preset: values.preset as MetaPresetName,
      k,
      d_sae: null,
      steps: values.steps === undefined ? null : Number(values.steps),
      batch_rows: null,
      lr: null
    },
    latents
  )
  const W_dec = planted()
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  const { file } = yield* trainMetaSae({ W_dec, d_in: d }, { ...settings, k, top: 20, seed: 0 })
  const { user, system } = process.cpuUsage(cpu)
  console.log(
    `${engine.isa}; ${latents} latents, d_in ${d}, ${settings.d_sae} meta-latents, ${settings.steps} steps of ${settings.batch_rows} rows, three times: ` +
      `${((performance.now() - wall) / 1000).toFixed(0)} s, ${((user + system) / 1e6).toFixed(0)} s of CPU, ` +
      `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`
  )
  console.log(
    `decoder variance explained ${file.decoder_variance_explained.toFixed(4)}, of random rows ${file.random_variance_explained.toFixed(4)}, ` +
      `of random rows of its covariance ${(file.matched_variance_explained ?? Number.NaN).toFixed(4)}`
  )
})

await Effect.runPromise(Effect.scoped(program))
