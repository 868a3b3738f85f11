/** Rows that an analysis reads of a set: whole batches spread evenly over it. */
import * as Effect from "effect/Effect"
import type { RowSet } from "../../kinds/activations/row-set.ts"

/** Enough batches for N rows. */
export const spreadBatches = (set: RowSet, rows: number) => {
  const batches = Math.min(set.batches, Math.ceil(rows / set.batch_rows))
  return {
    batches,
    read: (index: number) =>
      Effect.map(set.readBatch(Math.floor((index * set.batches) / batches)), (batch) => batch.activation)
  }
}
