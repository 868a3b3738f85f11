/**
 * The training rows of an Activations artifact for a trainer. In token order they are taken into memory for random access;
 * shuffled ones are read in their order, and those that are not stored are computed in a random one.
 */
import * as Effect from "effect/Effect"
import { type OpenActivations, openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { checkedBatch } from "../../activations/checked-batch.ts"
import { contextStream } from "../../activations/context-stream.ts"
import { pagedStream } from "../../activations/paged-stream.ts"
import { matrixRows } from "../../activations/row-source.ts"
import { sizesApart } from "../../words/size-text.ts"

/** Rows that statistics are of. */
const statisticsRows = 32_768

const inMemory = Effect.fnUntraced(function* (activations: OpenActivations) {
  const { train, d_in } = activations
  const bytes = train.rows * d_in * 4
  const free = process.availableMemory()
  if (bytes > free) {
    const [wanted, there] = sizesApart(bytes, free)
    return yield* stageFailed(
      `the ${train.rows} training rows take ${wanted} of memory, ${there} are free`,
      "Put a shuffle-activations stage between, whose rows are read in order, or capture with materialize: false."
    )
  }
  const rows = new Float32Array(train.rows * d_in)
  for (let b = 0; b < train.batches; b++) {
    const batch = yield* checkedBatch(activations, train, b)
    rows.set(batch.activation, batch.first * d_in)
  }
  return matrixRows(rows, d_in)
})

const inOrder = Effect.fnUntraced(function* (activations: OpenActivations) {
  const { train, d_in } = activations
  const starts = Array.from({ length: train.batches }, (_, b) => b * train.batch_rows)
  const read = (b: number) => Effect.map(checkedBatch(activations, train, b), ({ activation }) => activation)
  return yield* pagedStream({ d_in, starts: [...starts, train.rows], read }, statisticsRows)
})

/**
 * Fails where there are no rows, where rows in token order would not fit in the memory that is free (a global permutation
 * needs all of them at hand), and where a row holds NaN or infinite numbers.
 */
export const loadTrainingRows = Effect.fn("loadTrainingRows")(function* (handle: ActivationsHandle) {
  const activations = yield* openActivations(handle)
  if (activations.train.rows === 0) {
    return yield* stageFailed(`the activations of ${activations.hook} have no training rows`, "Capture more text.")
  }
  const { computed } = activations
  if (computed !== undefined) return yield* contextStream(activations, computed, statisticsRows)
  return yield* activations.order.by === "shuffle" ? inOrder(activations) : inMemory(activations)
})
