/** Rows of several sources as a crosscoder reads them: row i of each, one after the other. */
import * as Effect from "effect/Effect"
import type { RowSet } from "../../kinds/activations/row-set.ts"
import type { EvaluatedRows } from "./evaluate-reconstruction.ts"

/** @param sources of aligned rows (`misaligned`), with the widths of their rows */
export const sideBySide = (sources: ReadonlyArray<{ readonly set: RowSet; readonly width: number }>): EvaluatedRows => {
  const [first] = sources as readonly [(typeof sources)[number]]
  const whole = sources.reduce((sum, { width }) => sum + width, 0)
  return {
    batches: first.set.batches,
    readBatch: Effect.fnUntraced(function* (index: number) {
      const batch = yield* first.set.readBatch(index)
      const activation = new Float32Array(batch.rows * whole)
      let start = 0
      for (const { set, width } of sources) {
        const own = set === first.set ? batch.activation : yield* set.loadRows(batch.first, batch.rows)
        for (let row = 0; row < batch.rows; row++) {
          activation.set(own.subarray(row * width, (row + 1) * width), row * whole + start)
        }
        start += width
      }
      return { ...batch, activation }
    })
  }
}
