/**
 * A whole training run from a file of activations: reading, statistics of the rows, shuffling, steps, metrics, checkpoints
 * on disk every few seconds.
 */
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { matrixRows } from "../../src/activations/row-source.ts"
import { trainSae } from "../../src/sae/training/train-sae.ts"
import type { TrainingOptions } from "../../src/sae/training-options.ts"
import { makeCheckpoint } from "../../src/store/local/checkpoint.ts"

const everySeconds = 20

/** Seconds of the run from start to end, and how many checkpoints were written. */
export const wholeRun = async (folder: string, d_in: number, options: TrainingOptions) => {
  const start = performance.now()
  const bytes = readFileSync(join(folder, "x.f32"))
  const rows = matrixRows(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), d_in)
  const directory = join(folder, "checkpoint")
  const kept = makeCheckpoint({ directory, earlier: [], everySeconds, log: () => {} })
  let saved = 0
  const checkpoint = { ...kept, save: (state: Parameters<typeof kept.save>[0]) => (saved++, kept.save(state)) }
  await Effect.runPromise(trainSae(rows, options, { checkpoint, progress: () => {} }))
  rmSync(directory, { recursive: true, force: true })
  return { seconds: (performance.now() - start) / 1000, saved }
}
