/**
 * `node digests.ts THREADS`: trains in every way there is and prints, as JSON, the instruction set and a digest of each SAE's
 * arrays, curve and record, as they are saved; last a meta-SAE with its baselines and what is measured of them. Estimates are made in f32 with one thread, else as fast as the CPU can.
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { matrixRows } from "../../src/activations/row-source.ts"
import { trainMetaSae } from "../../src/analysis/meta-sae/train-meta-sae.ts"
import { trainingRecord } from "../../src/sae/training/training-record.ts"
import { trainSae } from "../../src/sae/training/train-sae.ts"
import type { TrainedSae } from "../../src/sae/training/trained-sae.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { syntheticRows } from "../../test/sae/synthetic-rows.ts"
import { variants } from "../../test/sae/training/training-variants.ts"

const { isa } = await Effect.runPromise(loadEngine("tensorflow", { threads: Number(process.argv[2]) }))
// One thread: in f32.
const precision = process.argv[2] === "1" ? "f32" : "auto"
// Wide enough that every operation is shared among threads.
const wide = syntheticRows({ rows: 2000, d_in: 192, directions: 600, active: 8, mean: 2, seed: 5 })
const sizes = { steps: 8, batch_rows: 256, dead_after: 512, precision } as const
const digests: Record<string, string> = {}
const digestOf = (all: ReadonlyArray<TrainedSae>, more: unknown): string => {
  const hash = createHash("sha256")
  for (const trained of all) {
    for (const value of [trained.stored, trained.stored.latents, trained.curve]) {
      for (const [field, array] of Object.entries(value)) {
        if (array instanceof Float32Array || array instanceof Float64Array) hash.update(field).update(array)
      }
    }
    hash.update(JSON.stringify(trainingRecord(trained)))
  }
  return hash.update(JSON.stringify(more)).digest("hex")
}
for (const { name, rows, options } of variants) {
  const given = rows()
  const source = "sources" in given ? given : matrixRows(wide.data, wide.d_in)
  // Pursuit takes as many products as it has iterations, and the rows of transcoders and crosscoders are narrow.
  const d_sae = "sources" in given || name === "matching_pursuit" ? 256 : 2048
  const own = { ...sizes, d_sae }
  const trained = await Effect.runPromise(trainSae(source, { ...options, ...own }))
  digests[name] = digestOf([trained], {})
}
// Encoded, measured and listed as well: what the stage writes.
const base = { W_dec: wide.data.slice(0, 1024 * wide.d_in), d_in: wide.d_in }
const meta = { d_sae: 256, k: 4, steps: 20, batch_rows: 512, lr: 2e-3, seed: 0, top: 20 }
const { trained, random, file } = await Effect.runPromise(trainMetaSae(base, meta))
digests["train-meta-sae"] = digestOf([trained, random], file)
process.stdout.write(`${JSON.stringify({ isa, digests })}\n`)
