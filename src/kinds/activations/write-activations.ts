/** Writes the rows of an Activations artifact, in the order in which they come, and goes on with a file that was begun. */
import * as Schema from "effect/Schema"
import * as Effect from "effect/Effect"
import { createSHA256 } from "hash-wasm"
import type { Json } from "../../json/canonical-json.ts"
import type { ArtifactWriter } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { ArrowFileState } from "../../format/arrow/arrow-file-state.ts"
import { openArrowWriter } from "../../format/arrow/arrow-writer.ts"
import {
  type ActivationDtype,
  activationsBatchRows,
  activationsColumns,
  firstOverflow,
  largestStored,
  narrow,
  storedNumbers
} from "./activations-columns.ts"
import type { ActivationsInfo, NormSummary } from "./activations-handle.ts"
import type { RowBatch } from "./row-set.ts"

/** Rows as they come: the numbers row-major, the rest one a row. */
export type RowColumns = Pick<RowBatch, "document" | "position" | "token"> & {
  readonly activation: Float32Array
  readonly norm: Float32Array
}

export interface RowSetFacts {
  readonly rows: number
  readonly batch_rows: number
  readonly positions_sha256: string
}

export const SavedRowSet = Schema.Struct({
  rows: Schema.Int,
  /** Of them, those that wait for a whole record batch. */
  filled: Schema.Int,
  arrow: Schema.NullOr(ArrowFileState)
})

/** What a checkpoint keeps of a row set: counters, and what has not made a whole record batch yet. */
export interface RowSetState {
  readonly json: typeof SavedRowSet.Type
  readonly tensors: Readonly<
    Record<string, Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>
  >
}

export interface RowSetWriter {
  /** Rows `from` to `to` of the columns. */
  readonly append: (columns: RowColumns, from: number, to: number) => Effect.Effect<void, ArtifactError>
  readonly state: Effect.Effect<RowSetState, ArtifactError>
  readonly finish: Effect.Effect<RowSetFacts, ArtifactError>
}

export interface RowSetOptions {
  readonly path: string
  readonly d_in: number
  readonly dtype: ActivationDtype
  /** Names and digests for whoever reads the file by itself. */
  readonly metadata: Readonly<Record<string, string>>
  /** False: rows are counted and their positions hashed, and nothing is written. */
  readonly materialize: boolean
  /** Absolute path to write to instead of `path`. */
  readonly file?: string
  readonly from?: RowSetState
}

const bytesOf = (array: Float32Array | Uint16Array | Int32Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)

/** Needs a scope, which closes the file. Nothing is readable before `finish`. */
export const openRowSetWriter = Effect.fn("openRowSetWriter")(function* (
  output: ArtifactWriter,
  { path, d_in, dtype, metadata, materialize, file, from }: RowSetOptions
) {
  const batch = activationsBatchRows(d_in, dtype)
  const begun = from?.json
  const writer = materialize
    ? yield* openArrowWriter(output, path, activationsColumns(d_in, dtype), {
        metadata,
        ...(file === undefined ? {} : { file }),
        ...(begun === undefined || begun.arrow === null ? {} : { from: begun.arrow })
      })
    : undefined
  const hash = yield* Effect.promise(() => createSHA256())
  const held = {
    activation: storedNumbers(dtype, materialize ? batch * d_in : 0),
    norm: new Float32Array(batch),
    document: new Int32Array(batch),
    position: new Int32Array(batch),
    token: new Int32Array(batch)
  }
  let filled = begun?.filled ?? 0
  let rows = begun?.rows ?? 0
  if (from !== undefined) {
    hash.load(from.tensors["hash"] as Uint8Array)
    bytesOf(held.activation).set(from.tensors["activation"] as Uint8Array)
    held.norm.set(from.tensors["norm"] as Float32Array)
    for (const name of ["document", "position", "token"] as const) held[name].set(from.tensors[name] as Int32Array)
  }
  const pending = () => ({
    activation: held.activation.subarray(0, filled * d_in),
    norm: held.norm.subarray(0, filled),
    document: held.document.subarray(0, filled),
    position: held.position.subarray(0, filled),
    token: held.token.subarray(0, filled)
  })

  const flush = Effect.suspend(() => {
    const n = filled
    if (n === 0 || writer === undefined) return Effect.void
    const values = pending()
    filled = 0
    return writer.append(n, values as never)
  })

  const append: RowSetWriter["append"] = Effect.fnUntraced(function* (columns, from, to) {
    hash.update(bytesOf(columns.position.subarray(from, to)))
    rows += to - from
    if (writer === undefined) return
    for (let at = from; at < to;) {
      const end = Math.min(to, at + batch - filled)
      const stored = held.activation.subarray(filled * d_in, (filled + end - at) * d_in)
      narrow(dtype, columns.activation.subarray(at * d_in, end * d_in), stored)
      // No number is larger than its row's norm.
      const safe = columns.norm.subarray(at, end).every((norm) => norm < largestStored[dtype])
      const overflow = safe ? -1 : firstOverflow(dtype, stored)
      if (overflow >= 0) {
        const row = at + Math.floor(overflow / d_in)
        return yield* new ArtifactError({
          reason: "invalid",
          digest: "",
          path,
          detail:
            `number ${overflow % d_in} of the row at position ${columns.position[row]} (token ${columns.token[row]}), ` +
            `${columns.activation[at * d_in + overflow]}, is too large for ${dtype}; store f32 or bf16`
        })
      }
      held.norm.set(columns.norm.subarray(at, end), filled)
      held.document.set(columns.document.subarray(at, end), filled)
      held.position.set(columns.position.subarray(at, end), filled)
      held.token.set(columns.token.subarray(at, end), filled)
      filled += end - at
      at = end
      if (filled === batch) yield* flush
    }
  })

  const state = Effect.gen(function* () {
    if (writer !== undefined) yield* writer.sync
    const { activation, ...rest } = pending()
    const numbers = { ...rest, activation: bytesOf(activation), hash: new Uint8Array(hash.save()) }
    const saved: RowSetState = {
      json: { rows, filled, arrow: writer?.state() ?? null },
      // Copies: the arrays are written to again while the state is on its way to the disk.
      tensors: Object.fromEntries(Object.entries(numbers).map(([name, array]) => [name, array.slice()]))
    }
    return saved
  })

  const finish = Effect.gen(function* () {
    yield* flush
    if (writer !== undefined) yield* writer.close
    const facts: RowSetFacts = { rows, batch_rows: batch, positions_sha256: hash.digest("hex") }
    return facts
  })
  const made: RowSetWriter = { append, state, finish }
  return made
})

/** Written last: without it there is no artifact. */
export const writeActivationsInfo = (
  output: ArtifactWriter,
  info: ActivationsInfo,
  rest: {
    readonly norm: NormSummary
    readonly train: RowSetFacts
    readonly held_out: RowSetFacts
    readonly outliers: number
    readonly materialized: boolean
    readonly probe?: Json
  }
): Effect.Effect<void, ArtifactError> => output.writeJson("activations.json", { format: 2, ...info, ...rest })
