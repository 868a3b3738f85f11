/** Writes a Tokens artifact piece by piece; contexts are gathered into record batches of one size. */
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "./artifact.ts"
import { openArrowWriter } from "./arrow-writer.ts"
import { tokensBatchContexts, tokensColumns } from "./tokens-columns.ts"
import type { TokensInfo } from "./tokens.ts"

/**
 * Needs a scope, which closes the file. `append` takes any whole number of contexts, row-major as in `ContextBlock`;
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

  /** @param names names of the documents by number, where they have any */
  const finish = Effect.fnUntraced(function* (names?: ReadonlyArray<string>) {
    yield* flush
    yield* file.close
    const complete: TokensInfo = { ...info, contexts, documents: names?.length ?? lastDocument + 1 }
    yield* output.writeJson("tokens.json", { format: 1, batch_contexts: batch, ...complete })
    if (names !== undefined) yield* output.writeJson("documents.json", names)
    return complete
  })
  return { append, finish }
})
