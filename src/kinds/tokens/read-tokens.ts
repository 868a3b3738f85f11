/** Opens a Tokens artifact. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { openArrow } from "../../format/arrow/arrow-reader.ts"
import type { Artifact } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import { documentNames } from "./document-names.ts"
import { documentsColumns, tokensColumns } from "./tokens-columns.ts"
import type { ContextBlock, TokensHandle } from "./tokens-handle.ts"

const count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const size = Schema.Int.check(Schema.isGreaterThan(0))

const TokensFile = Schema.Struct({
  format: Schema.Literal(2),
  batch_contexts: size,
  contexts: count,
  context_size: size,
  documents: count,
  vocab_size: size,
  bos_id: Schema.NullOr(count),
  packing: Schema.Struct({
    documents: Schema.Literals(["join_ends", "one_per_document"]),
    separator_id: Schema.NullOr(count),
    shuffle_seed: Schema.NullOr(Schema.Int)
  }),
  tokenizer: Schema.NullOr(Schema.String),
  source: Schema.String
})

const DocumentsFile = Schema.Struct({ files: Schema.Array(Schema.String) })

const readNames = Effect.fnUntraced(function* (artifact: Artifact, documents: number) {
  const { files } = yield* readJsonFile(artifact, "documents.json", DocumentsFile)
  const path = "documents.arrow"
  const arrow = yield* openArrow(yield* artifact.open(path), documentsColumns, path, artifact.digest)
  const file = new Int32Array(documents)
  const row = new Int32Array(documents)
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest: artifact.digest, path, detail })
  let filled = 0
  for (let b = 0; b < arrow.batches; b++) {
    const { rows, values } = yield* arrow.readBatch(b)
    if (filled + rows > documents) return yield* fail(`names more than ${documents} documents`)
    file.set(values.file, filled)
    row.set(values.row, filled)
    filled += rows
  }
  if (filled !== documents) return yield* fail(`names ${filled} of ${documents} documents`)
  if (!file.every((number) => number >= 0 && number < files.length))
    return yield* fail("names a file that is not listed")
  return documentNames({ files, file, row })
})

export const readTokens = Effect.fn("readTokens")(function* (artifact: Artifact) {
  const { format: _, batch_contexts: batchContexts, ...info } = yield* readJsonFile(artifact, "tokens.json", TokensFile)
  const path = "tokens.arrow"
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest: artifact.digest, path, detail })
  const file = yield* openArrow(yield* artifact.open(path), tokensColumns(info.context_size), path, artifact.digest)
  if (file.batches !== Math.ceil(info.contexts / batchContexts)) {
    return yield* fail(
      `${file.batches} record batches do not hold ${info.contexts} contexts of ${batchContexts} a batch`
    )
  }

  const read = Effect.fnUntraced(function* (first: number, wanted: number) {
    const from = Math.max(0, Math.min(first, info.contexts))
    const until = Math.max(from, Math.min(first + wanted, info.contexts))
    const length = (until - from) * info.context_size
    const block: ContextBlock = {
      first: from,
      count: until - from,
      ids: new Int32Array(length),
      documents: new Int32Array(length)
    }
    for (let b = Math.floor(from / batchContexts); b * batchContexts < until; b++) {
      const start = b * batchContexts
      const { rows, values } = yield* file.readBatch(b)
      if (rows !== Math.min(batchContexts, info.contexts - start)) {
        return yield* fail(`record batch ${b} has ${rows} contexts`)
      }
      const a = (Math.max(from, start) - start) * info.context_size
      const z = (Math.min(until, start + rows) - start) * info.context_size
      const at = (Math.max(from, start) - from) * info.context_size
      block.ids.set(values.ids.subarray(a, z), at)
      block.documents.set(values.documents.subarray(a, z), at)
    }
    return block
  })
  const handle: TokensHandle = {
    ...info,
    digest: artifact.digest,
    read,
    documentNames: artifact.has("documents.json")
      ? Effect.scoped(readNames(artifact, info.documents))
      : Effect.succeed(undefined)
  }
  return handle
})
