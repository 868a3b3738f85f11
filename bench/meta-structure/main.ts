/**
 * `train-meta-sae` with the preset meta_structure beside SAEBench's own code, on one decoder, and what each part of the preset is
 * worth: it is left out by itself.
 *
 *   PEERS_PYTHON=/path/to/python node bench/meta-structure/main.ts [SEEDS]
 *
 * Needs a Python with sae-bench 0.6.0. Ends with 1 where the means over seeds differ by more than 1e-3 and by more than their noise.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { metaSettings } from "../../src/analysis/meta-sae/meta-presets.ts"
import { type MetaSaeOptions, trainMetaSae } from "../../src/analysis/meta-sae/train-meta-sae.ts"
import { encodeNpy } from "../../src/format/npy.ts"
import { seedInterval } from "../../src/numeric/seed-interval.ts"
import { randomUnitRows } from "../../src/random/random-unit-rows.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"

const python = process.env["PEERS_PYTHON"]
if (python === undefined) {
  process.stderr.write(
    "PEERS_PYTHON must name a Python: python3 -m venv peers && peers/bin/pip install sae-bench==0.6.0\n"
  )
  process.exit(2)
}
const seeds = Number(process.argv[2] ?? 5)

/** Latents that are sums of 3 of 48 directions, and of one of their own: unit rows. */
const [d, parts, latents] = [64, 48, 512]
const planted = (): Float32Array<ArrayBuffer> => {
  const rng = Rng.make(0, "planted decoder")
  const directions = randomUnitRows(parts, d, 1)
  const own = randomUnitRows(latents, d, 2)
  const rows = Float32Array.from(own, (x) => 0.4 * x)
  for (let j = 0; j < latents; j++) {
    const row = rows.subarray(j * d, (j + 1) * d)
    for (let n = 0; n < 3; n++) {
      const [part, weight] = [rng.int(parts), 0.5 + rng.float()]
      for (let i = 0; i < d; i++) row[i]! += weight * directions[part * d + i]!
    }
    const norm = Math.hypot(...row)
    for (let i = 0; i < d; i++) row[i]! /= norm
  }
  return rows
}

const W_dec = planted()
const settings = metaSettings(
  { preset: "meta_structure", k: 4, d_sae: null, steps: null, batch_rows: null, lr: null },
  latents
)
const preset: Omit<MetaSaeOptions, "seed"> = { ...settings, k: 4, top: 1 }
const { decoder_norm: _, decoder_init_norm: __, ...unit } = settings.training as Record<string, unknown>

const ours = Effect.fn(function* (options: Omit<MetaSaeOptions, "seed">) {
  const found: Array<number> = []
  for (let seed = 0; seed < seeds; seed++) {
    const { file } = yield* trainMetaSae({ W_dec, d_in: d }, { ...options, seed })
    found.push(file.decoder_variance_explained)
  }
  return found
})

const theirs = (path: string, ...flags: ReadonlyArray<string>): ReadonlyArray<number> => {
  const script = join(import.meta.dirname, "peers.py")
  const { stdout, status } = spawnSync(python, [script, path, String(seeds), ...flags], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"]
  })
  if (status !== 0) throw new Error(`${python} ${script} ended with ${status}`)
  return stdout.split("\n").flatMap((line) => (/^[\d.]+$/.test(line) ? [Number(line)] : []))
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, x) => sum + x, 0) / values.length
const half = (values: ReadonlyArray<number>): number => {
  const interval = seedInterval(values)
  return interval === undefined ? Number.NaN : (interval.high - interval.low) / 2
}

const program = Effect.gen(function* () {
  yield* loadEngine("auto")
  const folder = mkdtempSync(join(tmpdir(), "meta-structure-"))
  const path = join(folder, "decoder.npy")
  writeFileSync(path, encodeNpy([latents, d], W_dec))
  process.stdout.write(`| decoder variance explained, ${seeds} seeds | mean | 95 % interval |\n| --- | --- | --- |\n`)
  const tell = (name: string, values: ReadonlyArray<number>) => {
    process.stdout.write(`| ${name} | ${mean(values).toFixed(4)} | ± ${half(values).toFixed(4)} |\n`)
    return values
  }
  const peer = tell("SAEBench 0.6.0", theirs(path))
  tell("SAEBench, without autocast to bfloat16", theirs(path, "--no-autocast"))
  const own = tell("preset meta_structure", yield* ours(preset))
  tell("- decoder rows kept at norm one", yield* ours({ ...preset, training: { ...unit, decoder_norm: "unit" } }))
  tell("- each row once an epoch", yield* ours({ ...preset, with_replacement: false }))
  tell("- measured by the threshold", yield* ours({ ...preset, chosen_among: null }))
  rmSync(folder, { recursive: true })
  const difference = Math.abs(mean(own) - mean(peer))
  const noise = Math.hypot(half(own), half(peer))
  process.stdout.write(`\ndifference of the means ${difference.toFixed(4)}, its noise ${noise.toFixed(4)}\n`)
  if (difference > Math.max(1e-3, noise)) process.exitCode = 1
})

await Effect.runPromise(Effect.scoped(program))
