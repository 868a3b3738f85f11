/**
 * A whole training run from a file of activations: reading, statistics of the rows, shuffling, steps, metrics, checkpoints
 * on disk, the weights as they are saved. After each of its steps a bare one is done, so that both see the same machine.
 */
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { matrixRows } from "../../src/activations/row-source.ts"
import { trainSae } from "../../src/sae/training/train-sae.ts"
import type { TrainingOptions } from "../../src/sae/training-options.ts"
import { makeCheckpoint } from "../../src/store/local/checkpoint.ts"

/** Seconds. */
export interface WholeRun {
  /** All of it, without the bare steps. */
  readonly total: number
  /** Until the first step. */
  readonly start: number
  /** After the last one. */
  readonly end: number
  readonly checkpoints: number
  readonly saved: number
  /** Mean of the run's steps with all that lies between them, but for handing over checkpoints, and of the bare ones. */
  readonly step: number
  readonly bare: number
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** @param bareStep does one and returns its seconds */
export const wholeRun = async (
  folder: string,
  d_in: number,
  options: TrainingOptions,
  everySeconds: number,
  bareStep: () => number
): Promise<WholeRun> => {
  const bare: Array<number> = []
  let elsewhere = 0
  const begin = performance.now()
  const now = (): number => (performance.now() - begin) / 1000 - elsewhere
  const bytes = readFileSync(join(folder, "x.f32"))
  const rows = matrixRows(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), d_in)
  const directory = join(folder, "checkpoint")
  // The bare steps take as much of the clock as the run's own.
  const kept = makeCheckpoint({ directory, earlier: [], everySeconds: 2 * everySeconds, log: () => {} })
  const ends: Array<number> = []
  let [saved, checkpoints] = [0, 0]
  const checkpoint: typeof kept = {
    ...kept,
    // Asked after every step.
    due: () => {
      ends.push(now() - checkpoints)
      const ms = bareStep()
      bare.push(ms)
      elsewhere += ms
      return kept.due()
    },
    // Writing goes on beside the next steps, and is part of what they take.
    begin: (state) =>
      Effect.suspend(() => {
        const before = now()
        return Effect.tap(kept.begin?.(state) ?? Effect.die("checkpoints on disk can be begun"), () =>
          Effect.sync(() => {
            saved += 1
            checkpoints += now() - before
          })
        )
      })
  }
  await Effect.runPromise(trainSae(rows, options, { checkpoint, progress: () => {} }))
  const total = now()
  rmSync(directory, { recursive: true, force: true })
  const [first = 0, last = 0] = [ends[0], ends.at(-1)]
  const step = (last - first) / (ends.length - 1)
  return {
    total,
    start: first - step,
    end: total - checkpoints - last,
    checkpoints,
    saved,
    step,
    bare: mean(bare)
  }
}
