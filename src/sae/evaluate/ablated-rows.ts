/** What takes the place of an activation in mean and resample ablation, from one pass over its held-out rows. */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { RowSet } from "../../kinds/activations/row-set.ts"
import type { Rng } from "../../random/rng.ts"

/** Rows that resampling draws from. */
const poolRows = 4096

export interface AblatedRows {
  /** E x, [d]. */
  readonly mean: Float32Array
  /** Activations of other held-out tokens, drawn without replacement: [rows, d]. */
  readonly pool: Float32Array
  readonly poolRows: number
}

export const ablatedRows = (
  set: Pick<RowSet, "rows" | "batches" | "readBatch">,
  d: number,
  rng: Rng
): Effect.Effect<AblatedRows, ArtifactError> =>
  Effect.gen(function* () {
    const wanted = Math.min(poolRows, set.rows)
    const sum = new Float64Array(d)
    const pool = new Float32Array(wanted * d)
    let [seen, taken] = [0, 0]
    for (let index = 0; index < set.batches; index++) {
      const { activation, rows } = yield* set.readBatch(index)
      for (let row = 0; row < rows; row++) {
        const x = activation.subarray(row * d, (row + 1) * d)
        for (let c = 0; c < d; c++) sum[c]! += x[c]!
        // Each set of `wanted` rows is as likely as any other (Knuth, TAOCP 2, 3.4.2, algorithm S).
        if (rng.float() * (set.rows - seen) < wanted - taken) pool.set(x, taken++ * d)
        seen += 1
      }
    }
    return { mean: Float32Array.from(sum, (value) => value / seen), pool, poolRows: taken }
  })
