/** Rows of a set with the token and the document of each, and what an SAE makes of them. */
import * as Effect from "effect/Effect"
import type { RowSet } from "../kinds/activations/row-set.ts"
import type { SaeModel } from "../sae/sae-model.ts"
import { encodeLatents } from "./latent-codes.ts"

/** The first `most` rows, or all. */
export const codedRows = Effect.fnUntraced(function* (set: RowSet, model: SaeModel, most: number) {
  const count = Math.min(most, set.rows)
  const token = new Int32Array(count)
  const document = new Int32Array(count)
  for (let b = 0; b * set.batch_rows < count; b++) {
    const batch = yield* set.readBatch(b)
    const rows = Math.min(batch.rows, count - batch.first)
    token.set(batch.token.subarray(0, rows), batch.first)
    document.set(batch.document.subarray(0, rows), batch.first)
  }
  return { token, document, codes: encodeLatents(yield* set.loadRows(0, count), model) }
})
