/** Opens an Activations artifact. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { openArrow } from "../../format/arrow/arrow-reader.ts"
import type { Artifact } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { subArtifact } from "../../artifact/sub-artifact.ts"
import {
  type ActivationDtype,
  activationDtypes,
  activationsColumns,
  dtypeBytes,
  type StoredNumbers,
  storedNumbers,
  widen
} from "./activations-columns.ts"
import type { ActivationsHandle } from "./activations-handle.ts"
import type { RowBatch, RowSet } from "./row-set.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import { outliersBatchRows, outliersColumns, outliersPath } from "./outliers-columns.ts"
import { readTokens } from "../tokens/read-tokens.ts"
import { rowLoader } from "./row-loader.ts"

const count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const size = Schema.Int.check(Schema.isGreaterThan(0))
const RowSetFile = Schema.Struct({ rows: count, batch_rows: size, positions_sha256: Schema.String })

const ActivationsFile = Schema.Struct({
  format: Schema.Literal(2),
  hook: Schema.String,
  d_in: size,
  dtype: Schema.Literals(activationDtypes),
  precision: Schema.optionalKey(Schema.Literal("bf16")),
  model: Schema.String,
  tokens: Schema.String,
  context_size: size,
  mask: Schema.Struct({
    drop_bos: Schema.Boolean,
    outlier_factor: Schema.NullOr(Schema.Finite),
    median_contexts: count,
    hooks: Schema.Array(Schema.Struct({ model: Schema.String, hook: Schema.String, median_norm: Schema.Finite }))
  }),
  split: Schema.Struct({
    by: Schema.Literals(["document", "contexts"]),
    held_out_fraction: Schema.Finite,
    seed: Schema.Int,
    held_out_documents: Schema.Array(count),
    first_held_out_context: Schema.NullOr(count)
  }),
  order: Schema.Union([
    Schema.Struct({ by: Schema.Literal("tokens") }),
    Schema.Struct({ by: Schema.Literal("shuffle"), seed: Schema.Int })
  ]),
  norm: Schema.Struct({
    rows: count,
    mean: Schema.Finite,
    root_mean_square: Schema.Finite,
    min: Schema.Finite,
    max: Schema.Finite,
    quantiles: Schema.Record(Schema.String, Schema.Finite)
  }),
  train: RowSetFile,
  held_out: RowSetFile,
  outliers: count,
  materialized: Schema.Boolean,
  probe: Schema.optionalKey(
    Schema.Struct({ contexts: count, rows: count, sha256: Schema.String, mean_norm: Schema.Finite })
  )
})

/** A file of rows. */
export const openRowSet = Effect.fnUntraced(function* (
  artifact: Artifact,
  path: string,
  d_in: number,
  dtype: ActivationDtype,
  { rows, batch_rows, positions_sha256 }: typeof RowSetFile.Type
) {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest: artifact.digest, path, detail })
  const columns = activationsColumns(d_in, dtype)
  const opened = yield* artifact.open(path)
  const file = yield* openArrow(opened, columns, path, artifact.digest)
  if (file.batches !== Math.ceil(rows / batch_rows)) {
    return yield* fail(`${file.batches} record batches do not hold ${rows} rows of ${batch_rows} a batch`)
  }
  const starts = new Float64Array(file.batches).fill(Number.NaN)
  const readBatch = Effect.fnUntraced(function* (index: number) {
    const read = yield* file.readBatch(index)
    const first = index * batch_rows
    if (read.rows !== Math.min(batch_rows, rows - first)) {
      return yield* fail(`record batch ${index} has ${read.rows} rows`)
    }
    starts[index] = read.offsets.activation
    const activation = widen(dtype, read.values.activation as StoredNumbers)
    const batch: RowBatch = { first, rows: read.rows, ...read.values, activation }
    return batch
  })
  const { readAgain, readAhead } = opened
  const rowBytes = d_in * dtypeBytes(dtype)
  const stored = storedNumbers(dtype, d_in)
  const bytes = new Uint8Array(stored.buffer)
  /** NaN where the row's record batch was not read before. */
  const placeOf = (row: number): number => {
    const batch = Math.floor(row / batch_rows)
    return (starts[batch] ?? Number.NaN) + (row - batch * batch_rows) * rowBytes
  }
  const gatherAgain: RowSet["gatherAgain"] =
    readAgain &&
    ((indices, into) => {
      for (let i = 0; i < indices.length; i++) {
        const row = indices[i] as number
        const offset = placeOf(row)
        if (Number.isNaN(offset)) throw fail(`record batch ${Math.floor(row / batch_rows)} was not read before`)
        if (dtype === "f32") readAgain(offset, new Uint8Array(into.buffer, into.byteOffset + i * rowBytes, rowBytes))
        else {
          readAgain(offset, bytes)
          into.set(widen(dtype, stored), i * d_in)
        }
      }
    })
  const gatherAhead: RowSet["gatherAhead"] =
    readAhead &&
    Effect.map(
      readAhead,
      (read) => (indices) => read(Float64Array.from(indices, placeOf).filter(Number.isFinite).toSorted(), rowBytes)
    )
  const set: RowSet = {
    rows,
    batch_rows,
    batches: file.batches,
    positions_sha256,
    readBatch,
    loadRows: rowLoader({ rows, batch_rows, d_in }, readBatch),
    ...(gatherAgain === undefined ? {} : { gatherAgain }),
    ...(gatherAhead === undefined ? {} : { gatherAhead })
  }
  return set
})

const readOutliers = Effect.fnUntraced(function* (artifact: Artifact, outliers: number) {
  const positions = new Int32Array(outliers)
  if (outliers === 0) return positions
  const file = yield* openArrow(yield* artifact.open(outliersPath), outliersColumns, outliersPath, artifact.digest)
  let at = 0
  for (let b = 0; b < file.batches; b++) {
    const { rows, values } = yield* file.readBatch(b)
    if (at + rows > outliers || (rows < outliersBatchRows && at + rows < outliers)) {
      const detail = `its record batches do not hold ${outliers} rows`
      return yield* new ArtifactError({ reason: "invalid", digest: artifact.digest, path: outliersPath, detail })
    }
    positions.set(values.position, at)
    at += rows
  }
  return positions
})

export const readActivations = Effect.fn("readActivations")(function* (artifact: Artifact) {
  const content = yield* readJsonFile(artifact, "activations.json", ActivationsFile)
  const { format: _, outliers, materialized, probe, ...info } = content
  const { d_in, dtype, train, held_out: heldOut } = info
  const common = {
    ...info,
    digest: artifact.digest,
    contexts: yield* readTokens(artifact),
    outliers: readOutliers(artifact, outliers)
  }
  if (materialized) {
    const handle: ActivationsHandle = {
      ...common,
      rows: {
        stored: true,
        train: yield* openRowSet(artifact, "train.arrow", d_in, dtype, train),
        held_out: yield* openRowSet(artifact, "held_out.arrow", d_in, dtype, heldOut)
      }
    }
    return handle
  }
  if (probe === undefined) {
    const detail = "rows are not materialized, and nothing says what the model gave"
    return yield* new ArtifactError({ reason: "invalid", digest: artifact.digest, path: "activations.json", detail })
  }
  const languageModel = subArtifact(artifact, "model/", "LanguageModel", info.model)
  const handle: ActivationsHandle = { ...common, rows: { stored: false, languageModel, probe } }
  return handle
})
