/**
 * The training rows of an Activations artifact for a trainer. In token order they are read one by one where they stand, or
 * taken into memory where they are few; shuffled ones are read in their order, and those that are not stored are computed in
 * a random one.
 */
import * as Effect from "effect/Effect"
import { type OpenActivations, openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { checkedBatch } from "../../activations/checked-batch.ts"
import { contextStream } from "../../activations/context-stream.ts"
import { pagedStream } from "../../activations/paged-stream.ts"
import { matrixRows, type RowSource } from "../../activations/row-source.ts"
import { sizesApart } from "../../words/size-text.ts"

/** Rows that statistics are of. */
const statisticsRows = 32_768

/**
 * Fewer bytes than these are taken into memory. Not for speed: 2,048 rows of 768 numbers take 3.3 ms from a file that the
 * system has in memory, 2.0 ms from an array.
 */
const residentBytes = 16 * 2 ** 20

/** Milliseconds that a row takes at least which the disk has to bring: from the system's memory one takes a tenth. */
const slowRow = 0.02

/**
 * All are read once, so that every number is looked at and every chunk of the file held to its digest. Once rows had to be waited
 * for, those of the next batch are read beside each step.
 */
const inFile = Effect.fnUntraced(function* (
  activations: OpenActivations,
  gather: NonNullable<OpenActivations["train"]["gatherAgain"]>
) {
  const { train, d_in } = activations
  for (let b = 0; b < train.batches; b++) yield* checkedBatch(activations, train, b)
  const ahead = train.gatherAhead === undefined ? undefined : yield* train.gatherAhead
  let waited = false
  const source: RowSource = {
    rows: train.rows,
    d_in,
    gather: (indices, into) => {
      const start = performance.now()
      gather(indices, into)
      waited ||= performance.now() - start > slowRow * indices.length
    },
    ...(ahead === undefined ? {} : { ahead: (indices) => (waited ? ahead(indices) : undefined) })
  }
  return source
})

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

/** Fails where there are no rows, and where a row holds NaN or infinite numbers. */
export const loadTrainingRows = Effect.fn("loadTrainingRows")(function* (handle: ActivationsHandle) {
  const activations = yield* openActivations(handle)
  if (activations.train.rows === 0) {
    return yield* stageFailed(`the activations of ${activations.hook} have no training rows`, "Capture more text.")
  }
  const { computed } = activations
  if (computed !== undefined) return yield* contextStream(activations, computed, statisticsRows)
  if (activations.order.by === "shuffle") return yield* inOrder(activations)
  const { train, d_in } = activations
  const few = train.rows * d_in * 4 <= residentBytes
  return yield* few || train.gatherAgain === undefined ? inMemory(activations) : inFile(activations, train.gatherAgain)
})
