/**
 * `node digests.ts THREADS`: trains in every way there is and prints, as JSON, the instruction set and a digest of each SAE's
 * arrays, curve and record, as they are saved. Estimates are made in f32 with one thread, else as fast as the CPU can.
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { matrixRows } from "../../src/activations/row-source.ts"
import { trainingRecord } from "../../src/sae/training/training-record.ts"
import { trainSae } from "../../src/sae/training/train-sae.ts"
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
for (const { name, rows, options } of variants) {
  const given = rows()
  const source = "sources" in given ? given : matrixRows(wide.data, wide.d_in)
  // Pursuit takes as many products as it has iterations, and the rows of transcoders and crosscoders are narrow.
  const d_sae = "sources" in given || name === "matching_pursuit" ? 256 : 2048
  const own = { ...sizes, d_sae }
  const trained = await Effect.runPromise(trainSae(source, { ...options, ...own }))
  const hash = createHash("sha256")
  for (const value of [trained.stored, trained.stored.latents, trained.curve]) {
    for (const [field, array] of Object.entries(value)) {
      if (array instanceof Float32Array || array instanceof Float64Array) hash.update(field).update(array)
    }
  }
  digests[name] = hash.update(JSON.stringify(trainingRecord(trained))).digest("hex")
}
process.stdout.write(`${JSON.stringify({ isa, digests })}\n`)
