/** Tokenizes the documents of a source and writes them as a Tokens artifact. */
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "../artifact/artifact.ts"
import { openTokensWriter } from "../artifact/write-tokens.ts"
import { sourceName } from "../source/source-name.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { Progress, ResolvedSource } from "../stage/stage.ts"
import { fileDocuments } from "./file-documents.ts"
import { packContexts, type TokenDocument } from "./pack-contexts.ts"
import { readTexts } from "./read-texts.ts"
import { spellerCorpus } from "./speller-corpus.ts"
import { spellerText } from "./speller-text.ts"
import { makeTokenizer, type Tokenizer } from "./tokenizer.ts"

export interface LoadTextOptions {
  readonly tokenizerJson: string
  /** sha256 of tokenizer.json. */
  readonly tokenizerDigest: string
  readonly vocabulary: number
  readonly contextSize: number
  readonly bos: number | null
  /** Tokens wanted: contexts are written until they hold as many. */
  readonly tokens: number
  readonly progress: (progress: Progress) => void
}

const failed = (source: ResolvedSource, remedy: string) => (error: unknown) =>
  stageFailed(`source ${source.uri}: ${error instanceof Error ? error.message : String(error)}`, remedy)

/** Documents of the source as ids, tokenized when they are asked for; `names` grows with them. */
const tokenDocuments = Effect.fnUntraced(function* (
  source: ResolvedSource,
  tokenizer: Tokenizer,
  room: number,
  names: Array<string>
) {
  const files = yield* readTexts(source)
  const named = function* (documents: Iterable<TokenDocument>): Generator<TokenDocument> {
    for (const document of documents) {
      names.push(document.name)
      yield document
    }
  }
  return yield* Effect.try({
    try: () => {
      if (source.uri.startsWith("builtin:")) return named(spellerText(spellerCorpus(files), tokenizer, room))
      const documents = fileDocuments(files)
      return named(Iterator.from(documents).map(({ name, text }) => ({ name, ids: tokenizer.encode(text) })))
    },
    catch: failed(source, "Give plain text, or JSONL with a field text.")
  })
})

export const loadText = Effect.fn("loadText")(function* (
  source: ResolvedSource,
  output: ArtifactWriter,
  options: LoadTextOptions
) {
  const { contextSize, bos, vocabulary } = options
  const tokenizer = yield* Effect.try({
    try: () => makeTokenizer(options.tokenizerJson),
    catch: (error) =>
      stageFailed(`tokenizer.json: ${String(error)}`, "Give a model with a Hugging Face tokenizer.json.")
  })
  const names: Array<string> = []
  const documents = yield* tokenDocuments(source, tokenizer, contextSize - (bos === null ? 0 : 1), names)
  const wanted = Math.ceil(options.tokens / contextSize)
  const writer = yield* openTokensWriter(output, {
    context_size: contextSize,
    vocab_size: vocabulary,
    bos_id: bos,
    tokenizer: options.tokenizerDigest,
    source: sourceName(source)
  })
  let contexts = 0
  let used = -1
  for (const context of packContexts(documents, contextSize, bos)) {
    const greatest = context.ids.reduce((most, id) => Math.max(most, id), 0)
    if (greatest >= vocabulary) {
      return yield* stageFailed(
        `the tokenizer gave id ${greatest}, the model knows ids below ${vocabulary}`,
        "The folder's tokenizer.json and config.json do not belong together."
      )
    }
    for (const document of context.documents) if (document > used) used = document
    yield* writer.append(context)
    contexts++
    if (contexts % 200 === 0) {
      options.progress({ done: contexts * contextSize, total: wanted * contextSize, unit: "tokens" })
      yield* Effect.yieldNow
    }
    if (contexts === wanted) break
  }
  if (contexts === 0) {
    return yield* stageFailed(
      `source ${source.uri}: the text does not fill one context of ${contextSize} tokens`,
      "Give more text or lower context_size."
    )
  }
  return yield* writer.finish(names.slice(0, used + 1))
})
