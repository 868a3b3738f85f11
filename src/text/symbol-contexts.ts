/**
 * A text of symbols (`symbolVocabulary`) as a Tokens artifact with its own tokenizer.json: every context is one document, of
 * which the first symbol, the beginning, is no part.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { openTokensWriter } from "../kinds/tokens/write-tokens.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { symbolVocabulary } from "./symbol-vocabulary.ts"

export interface SymbolText {
  /** In the order of their ids; the first one begins every context. */
  readonly symbols: ReadonlyArray<string>
  /** Symbols of a context, the beginning counted. */
  readonly context_size: number
  /** What the artifact names as its source. */
  readonly source: string
}

export const openSymbolContexts = Effect.fn("openSymbolContexts")(function* (
  output: StageContext<unknown, unknown, {}>["output"],
  { symbols, context_size, source }: SymbolText
) {
  const vocabulary = symbolVocabulary(symbols)
  if (Result.isFailure(vocabulary)) return yield* stageFailed(`the symbols of ${source} are no vocabulary`)
  const { size, json, digest } = vocabulary.success
  const writer = yield* openTokensWriter(output, {
    context_size,
    vocab_size: size,
    bos_id: 0,
    packing: { documents: "one_per_document", separator_id: null, shuffle_seed: null },
    tokenizer: digest,
    source
  })
  yield* output.write("tokenizer.json", json)
  let written = 0
  /** @param contexts ids, each `context_size` long */
  const append = (contexts: ReadonlyArray<ArrayLike<number>>) => {
    const ids = new Int32Array(contexts.length * context_size)
    const documents = new Int32Array(ids.length)
    for (const [n, context] of contexts.entries()) {
      const at = n * context_size
      ids.set(context, at)
      documents.fill(written + n, at, at + context_size)
      documents[at] = -1
    }
    written += contexts.length
    return writer.append({ ids, documents })
  }
  return { append, finish: writer.finish, size }
})
