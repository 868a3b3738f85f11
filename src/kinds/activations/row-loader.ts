/** Any range of rows in one array, from record batches. */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { RowBatch, RowSet } from "./row-set.ts"

export const rowLoader = (
  { rows, batch_rows, d_in }: { readonly rows: number; readonly batch_rows: number; readonly d_in: number },
  readBatch: (index: number) => Effect.Effect<RowBatch, ArtifactError>
): RowSet["loadRows"] =>
  Effect.fnUntraced(function* (first = 0, wanted = rows) {
    const from = Math.max(0, Math.min(first, rows))
    const until = Math.max(from, Math.min(first + wanted, rows))
    const result = new Float32Array((until - from) * d_in)
    for (let b = Math.floor(from / batch_rows); b * batch_rows < until; b++) {
      const batch = yield* readBatch(b)
      const start = Math.max(from, batch.first)
      const end = Math.min(until, batch.first + batch.rows)
      const view = batch.activation.subarray((start - batch.first) * d_in, (end - batch.first) * d_in)
      result.set(view, (start - from) * d_in)
    }
    return result
  })
