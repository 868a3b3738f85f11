/** A record batch of rows to train on, all of them numbers. */
import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"
import type { RowSet } from "../kinds/activations/row-set.ts"
import { stageFailed } from "../stage/stage-failed.ts"

/** Index of the first number that is NaN or infinite, -1 where all are finite. The usual answer costs one pass. */
const firstNotFinite = (values: Float32Array): number => {
  let zero = 0
  for (let i = 0; i < values.length; i++) zero += (values[i] as number) - (values[i] as number)
  return zero === 0 ? -1 : values.findIndex((x) => !Number.isFinite(x))
}

/** Fails where a number is NaN or infinite, with the row that holds it. */
export const checkedBatch = Effect.fnUntraced(function* (
  { hook, d_in }: Pick<ActivationsHandle, "hook" | "d_in">,
  set: RowSet,
  index: number
) {
  const batch = yield* set.readBatch(index)
  const at = firstNotFinite(batch.activation)
  if (at < 0) return batch
  const row = Math.floor(at / d_in)
  return yield* stageFailed(
    `activations of ${hook}: number ${at % d_in} of row ${batch.first + row} (record batch ${index}, position ` +
      `${batch.position[row]}, token ${batch.token[row]}) is ${batch.activation[at]}`,
    "Capture them again; if it stays, check the model's weights."
  )
})
