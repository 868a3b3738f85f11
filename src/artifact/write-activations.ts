/** Writes an Activations artifact row by row into its two sets, in the order in which the rows come. */
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "./artifact.ts"
import { openArrowWriter } from "./arrow-writer.ts"
import { activationsBatchRows, activationsColumns } from "./activations-columns.ts"
import type { ActivationsInfo } from "./activations.ts"

export interface ActivationRow {
  readonly document: number
  readonly position: number
  readonly token: number
}

const openRowSet = Effect.fnUntraced(function* (output: ArtifactWriter, path: string, info: ActivationsInfo) {
  const { d_in } = info
  const batch = activationsBatchRows(d_in)
  const file = yield* openArrowWriter(output, path, activationsColumns(d_in), {
    hook: info.hook,
    model: info.model,
    tokens: info.tokens
  })
  const activation = new Float32Array(batch * d_in)
  const document = new Int32Array(batch)
  const position = new Int32Array(batch)
  const token = new Int32Array(batch)
  let filled = 0
  let rows = 0
  const flush = Effect.suspend(() => {
    const n = filled
    if (n === 0) return Effect.void
    filled = 0
    return file.append(n, {
      activation: activation.subarray(0, n * d_in),
      document: document.subarray(0, n),
      position: position.subarray(0, n),
      token: token.subarray(0, n)
    })
  })
  return {
    /** Copies the row; true when the batch is full and `flush` has to follow. */
    add: (values: Float32Array, row: ActivationRow): boolean => {
      activation.set(values, filled * d_in)
      document[filled] = row.document
      position[filled] = row.position
      token[filled] = row.token
      filled += 1
      rows += 1
      return filled === batch
    },
    flush,
    finish: Effect.map(Effect.andThen(flush, file.close), () => ({ rows, batch_rows: batch }))
  }
})

/** Needs a scope, which closes the files. Nothing is readable before `finish`. */
export const openActivationsWriter = Effect.fn("openActivationsWriter")(function* (
  output: ArtifactWriter,
  info: ActivationsInfo
) {
  const train = yield* openRowSet(output, "train.arrow", info)
  const heldOut = yield* openRowSet(output, "held_out.arrow", info)
  return {
    train,
    held_out: heldOut,
    finish: Effect.gen(function* () {
      const sets = { train: yield* train.finish, held_out: yield* heldOut.finish }
      yield* output.writeJson("activations.json", { format: 1, ...info, ...sets })
      return { train: sets.train.rows, held_out: sets.held_out.rows }
    })
  }
})
