/**
 * Training rows straight from the model: contexts in one global random order, run as they are needed, and the rows of some
 * hundred of them mixed at a time. The order is the artifact's own and the same in every epoch: whoever trains on it, with
 * whatever seed, reads the same rows in the same order, which is another one than that of stored rows.
 */
import * as Effect from "effect/Effect"
import type { ComputedRows, OpenActivations } from "./open-activations.ts"
import * as Rng from "../random/rng.ts"
import { pagedStream } from "./paged-stream.ts"

/**
 * Rows that are mixed, at least: tens of batches, from hundreds of contexts. Not in bytes, so that sources of different
 * width that belong together are mixed alike.
 */
const poolRows = 2 ** 16

/** @param statisticsRows rows to be at hand for statistics */
export const contextStream = Effect.fn("contextStream")(function* (
  { d_in, split }: OpenActivations,
  { trainingRows, compute }: ComputedRows,
  statisticsRows: number
) {
  const counts = yield* trainingRows
  const order = Rng.make(split.seed, "order of contexts").permutation(counts.length)
  const starts = [0]
  const firstContexts = [0]
  let rows = 0
  for (const [i, context] of order.entries()) {
    rows += counts[context] as number
    if (rows - (starts.at(-1) as number) < poolRows) continue
    starts.push(rows)
    firstContexts.push(i + 1)
  }
  if (rows > (starts.at(-1) as number)) {
    starts.push(rows)
    firstContexts.push(order.length)
  }
  const read = Effect.fnUntraced(function* (pool: number) {
    const given = yield* compute(order.subarray(firstContexts[pool], firstContexts[pool + 1]))
    const places = Rng.make(split.seed, `rows of pool ${pool}`).permutation(given.length / d_in)
    const mixed = new Float32Array(given.length)
    for (const [i, place] of places.entries()) mixed.set(given.subarray(i * d_in, (i + 1) * d_in), place * d_in)
    return mixed
  })
  return yield* pagedStream({ d_in, starts, read }, statisticsRows)
})
