/** The training rows of an Activations artifact, in memory for random access. */
import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../artifact/activations.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { matrixRows } from "./row-source.ts"

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

/** Fails where the rows would not fit in the memory that is free: a global permutation needs all of them at hand. */
export const loadTrainingRows = Effect.fn("loadTrainingRows")(function* (activations: ActivationsHandle) {
  const { train, d_in } = activations
  const bytes = train.rows * d_in * 4
  const free = process.availableMemory()
  if (bytes > free) {
    return yield* stageFailed(
      `the ${train.rows} training rows take ${gib(bytes)} of memory, ${gib(free)} are free`,
      "Capture fewer tokens, or train on a machine with more memory."
    )
  }
  return matrixRows(yield* train.loadRows(), d_in)
})
