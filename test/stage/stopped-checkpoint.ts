/** Checkpoints in a folder, as a worker's are, of a stage that is stopped once it has saved so many times. */
import * as Effect from "effect/Effect"
import type { Checkpoint } from "../../src/stage/checkpoint.ts"
import { makeCheckpoint } from "../../src/store/local/checkpoint.ts"

export interface StoppedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly saves: () => number
}

/** @param stopAfter saves; the stage is interrupted, as a worker that is told to end does it. Infinity: never */
export const stoppedCheckpoint = (directory: string, stopAfter: number): StoppedCheckpoint => {
  const made = makeCheckpoint({ directory, earlier: [], everySeconds: 0, log: () => {} })
  let saves = 0
  const save: Checkpoint["save"] = (state) =>
    Effect.andThen(
      made.save(state),
      Effect.suspend(() => (++saves === stopAfter ? Effect.interrupt : Effect.void))
    )
  return { checkpoint: { load: made.load, due: made.due, save }, saves: () => saves }
}
