/** Writes a Tokens artifact piece by piece; contexts are gathered into record batches of one size. */
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "../../artifact/artifact.ts"
import { openArrowWriter } from "../../format/arrow/arrow-writer.ts"
import type { DocumentNames } from "./document-names.ts"
import { documentsBatch, documentsColumns, tokensBatchContexts, tokensColumns } from "./tokens-columns.ts"
import type { TokensInfo } from "./tokens-handle.ts"

interface DocumentPlace {
  readonly file: number
  readonly row: number
}

const openPlaces = Effect.fnUntraced(function* (output: ArtifactWriter) {
  const arrow = yield* openArrowWriter(output, "documents.arrow", documentsColumns)
  const file = new Int32Array(documentsBatch)
  const row = new Int32Array(documentsBatch)
  let filled = 0
  const flush = Effect.suspend(() => {
    const rows = filled
    filled = 0
    return rows === 0 ? Effect.void : arrow.append(rows, { file: file.subarray(0, rows), row: row.subarray(0, rows) })
  })
  const add = (place: DocumentPlace) => {
    file[filled] = place.file
    row[filled] = place.row
    filled += 1
    return filled === documentsBatch ? flush : Effect.void
  }
  return { add, finish: Effect.andThen(flush, arrow.close) }
})

const placesOf = function* ({ length, places }: DocumentNames): Generator<DocumentPlace> {
  for (let i = 0; i < length; i++) {
    yield { file: places?.file[i] ?? i, row: places?.row[i] ?? 0 }
  }
}

const filesOf = (names: DocumentNames): ReadonlyArray<string> =>
  names.places?.files ?? Array.from({ length: names.length }, (_, i) => names.at(i) ?? "")

/**
 * Needs a scope, which closes the files. `append` takes any whole number of contexts, row-major as in `ContextBlock`;
 * nothing is readable before `finish`, which gives what `tokens.json` says.
 */
export const openTokensWriter = Effect.fn("openTokensWriter")(function* (
  output: ArtifactWriter,
  info: Omit<TokensInfo, "contexts" | "documents">
) {
  const size = info.context_size
  const file = yield* openArrowWriter(output, "tokens.arrow", tokensColumns(size))
  const batch = tokensBatchContexts(size)
  const ids = new Int32Array(batch * size)
  const documents = new Int32Array(batch * size)
  let filled = 0
  let contexts = 0
  let lastDocument = -1
  let named = 0
  let places: Effect.Success<ReturnType<typeof openPlaces>> | undefined

  const flush = Effect.suspend(() => {
    const rows = filled
    if (rows === 0) return Effect.void
    filled = 0
    return file.append(rows, { ids: ids.subarray(0, rows * size), documents: documents.subarray(0, rows * size) })
  })

  const append = Effect.fnUntraced(function* (block: { readonly ids: Int32Array; readonly documents: Int32Array }) {
    const count = block.ids.length / size
    if (!Number.isInteger(count) || block.documents.length !== block.ids.length) {
      throw new RangeError(`${block.ids.length} ids and ${block.documents.length} documents are no contexts of ${size}`)
    }
    for (const document of block.documents) if (document > lastDocument) lastDocument = document
    for (let c = 0; c < count;) {
      const n = Math.min(count - c, batch - filled)
      ids.set(block.ids.subarray(c * size, (c + n) * size), filled * size)
      documents.set(block.documents.subarray(c * size, (c + n) * size), filled * size)
      filled += n
      contexts += n
      c += n
      if (filled === batch) yield* flush
    }
  })

  /** Says where the next documents, by number, are from; `finish` then needs the names of the files. */
  const name = Effect.fnUntraced(function* (next: Iterable<DocumentPlace>) {
    for (const place of next) {
      places ??= yield* openPlaces(output)
      yield* places.add(place)
      named += 1
    }
  })

  /** @param names names of the documents by number, or of the files that `name` spoke of; none where there are none */
  const finish = Effect.fnUntraced(function* (names?: DocumentNames | { readonly files: ReadonlyArray<string> }) {
    yield* flush
    yield* file.close
    let files: ReadonlyArray<string> | undefined
    if (names !== undefined && "files" in names) files = names.files
    else if (names !== undefined) {
      yield* name(placesOf(names))
      files = filesOf(names)
    }
    if (places !== undefined) {
      if (files === undefined) throw new RangeError("documents were named, but not their files")
      yield* places.finish
      yield* output.writeJson("documents.json", { files })
    }
    const complete: TokensInfo = { ...info, contexts, documents: Math.max(named, lastDocument + 1) }
    yield* output.writeJson("tokens.json", { format: 2, batch_contexts: batch, ...complete })
    return complete
  })
  return { append, name, finish }
})
