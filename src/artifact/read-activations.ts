/** Opens an Activations artifact. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { openArrow } from "./arrow-reader.ts"
import type { Artifact } from "./artifact.ts"
import { ArtifactError } from "./artifact-error.ts"
import { activationsColumns } from "./activations-columns.ts"
import type { ActivationsHandle, RowBatch, RowSet } from "./activations.ts"
import { readJsonFile } from "./json-file.ts"
import { readTokens } from "./read-tokens.ts"

const count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const size = Schema.Int.check(Schema.isGreaterThan(0))
const RowSetFile = Schema.Struct({ rows: count, batch_rows: size })

const ActivationsFile = Schema.Struct({
  format: Schema.Literal(1),
  hook: Schema.String,
  d_in: size,
  model: Schema.String,
  tokens: Schema.String,
  context_size: size,
  mask: Schema.Struct({ drop_bos: Schema.Boolean }),
  split: Schema.Struct({
    by: Schema.Literals(["document", "contexts"]),
    held_out_fraction: Schema.Finite,
    seed: Schema.Int,
    held_out_documents: Schema.Array(count),
    first_held_out_context: Schema.NullOr(count)
  }),
  train: RowSetFile,
  held_out: RowSetFile
})

const openRowSet = Effect.fnUntraced(function* (
  artifact: Artifact,
  path: string,
  d_in: number,
  { rows, batch_rows }: typeof RowSetFile.Type
) {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest: artifact.digest, path, detail })
  const file = yield* openArrow(yield* artifact.open(path), activationsColumns(d_in), path, artifact.digest)
  if (file.batches !== Math.ceil(rows / batch_rows)) {
    return yield* fail(`${file.batches} record batches do not hold ${rows} rows of ${batch_rows} a batch`)
  }
  const readBatch = Effect.fnUntraced(function* (index: number) {
    const read = yield* file.readBatch(index)
    const first = index * batch_rows
    if (read.rows !== Math.min(batch_rows, rows - first)) {
      return yield* fail(`record batch ${index} has ${read.rows} rows`)
    }
    const batch: RowBatch = { first, rows: read.rows, ...read.values }
    return batch
  })
  const loadRows = Effect.fnUntraced(function* (first = 0, wanted = rows) {
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
  const set: RowSet = { rows, batch_rows, batches: file.batches, readBatch, loadRows }
  return set
})

export const readActivations = Effect.fn("readActivations")(function* (artifact: Artifact) {
  const { format: _, ...info } = yield* readJsonFile(artifact, "activations.json", ActivationsFile)
  const handle: ActivationsHandle = {
    ...info,
    digest: artifact.digest,
    train: yield* openRowSet(artifact, "train.arrow", info.d_in, info.train),
    held_out: yield* openRowSet(artifact, "held_out.arrow", info.d_in, info.held_out),
    contexts: yield* readTokens(artifact)
  }
  return handle
})
