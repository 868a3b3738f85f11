/** Which vocabulary the ids of a text are of: a model's, a tokenizer's, a list of symbols, or only its size. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model.ts"
import type { TokenizerHandle } from "../kinds/tokenizer.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { symbolVocabulary, type SymbolVocabulary } from "./symbol-vocabulary.ts"
import { TokenizerProblem } from "./tokenizer/tokenizer-problem.ts"
import { makeTokenizer, type StreamingTokenizer } from "./tokenizer.ts"

export interface TextVocabulary {
  readonly tokenizer: StreamingTokenizer | undefined
  readonly symbols: SymbolVocabulary | undefined
  readonly tokenizerDigest: string | null
  /** Number of ids. */
  readonly vocabulary: number
  readonly bos: number | null
  readonly eos: number | null
  /** Longest context of the model, if there is one. */
  readonly longest: number | undefined
}

export interface VocabularyParams {
  readonly bos_token: string | null
  readonly vocabulary: ReadonlyArray<string> | null
  readonly vocab_size: number | null
}

/** `eos_token_id` of config.json: a number, or a list of which the first is the document's end. */
const eosOf = (config: Readonly<Record<string, unknown>>): number | null => {
  const id = Array.isArray(config["eos_token_id"]) ? config["eos_token_id"][0] : config["eos_token_id"]
  return typeof id === "number" ? id : null
}

const tokenizerOf = (json: string) =>
  Effect.try({
    try: () => makeTokenizer(json),
    catch: (error) =>
      error instanceof TokenizerProblem
        ? stageFailed(`tokenizer.json: ${error.message}`, error.remedy)
        : stageFailed(`tokenizer.json: ${String(error)}`, "Give a model with a Hugging Face tokenizer.json.")
  })

/** What a text's ids have to know of the model that they are for. */
export interface ModelFacts {
  readonly handle: LanguageModelHandle
  readonly vocabulary: number
  readonly bos: number | null
  /** Longest context, in tokens. */
  readonly context: number
}

export const textVocabulary = Effect.fn("textVocabulary")(function* (
  model: ModelFacts | undefined,
  alone: TokenizerHandle | undefined,
  params: VocabularyParams
) {
  const given = [
    ["model", model],
    ["tokenizer", alone],
    ["vocabulary", params.vocabulary],
    ["vocab_size", params.vocab_size]
  ].flatMap(([name, value]) => (value === undefined || value === null ? [] : [name as string]))
  if (given.length !== 1) {
    return yield* stageFailed(
      given.length === 0
        ? "nothing says what the token ids mean"
        : `${given.join(" and ")} both say what token ids mean`,
      "Give one of model, tokenizer, vocabulary and vocab_size."
    )
  }
  const none = { tokenizer: undefined, symbols: undefined, tokenizerDigest: null, eos: null, longest: undefined }
  const bosOf = Effect.fnUntraced(function* (id: (token: string) => number | undefined, own: number | null) {
    if (params.bos_token === null) return own
    const found = id(params.bos_token)
    if (found !== undefined) return found
    return yield* stageFailed(`bos_token is ${params.bos_token}, which is not in the vocabulary`, "Name a token of it.")
  })
  if (model !== undefined) {
    const { handle } = model
    const tokenizer = yield* tokenizerOf(yield* handle.tokenizer)
    const vocabulary: TextVocabulary = {
      ...none,
      tokenizer,
      tokenizerDigest: handle.tokenizerDigest,
      vocabulary: model.vocabulary,
      bos: yield* bosOf(tokenizer.id, model.bos),
      eos: eosOf(handle.config),
      longest: model.context
    }
    return vocabulary
  }
  if (alone !== undefined) {
    const tokenizer = yield* tokenizerOf(yield* alone.json)
    const vocabulary: TextVocabulary = {
      ...none,
      tokenizer,
      tokenizerDigest: alone.digest,
      vocabulary: tokenizer.vocabularySize,
      bos: yield* bosOf(tokenizer.id, null)
    }
    return vocabulary
  }
  if (params.vocabulary !== null) {
    const symbols = symbolVocabulary(params.vocabulary)
    if (typeof symbols === "string") return yield* stageFailed(`vocabulary: ${symbols}`, "List every symbol once.")
    const vocabulary: TextVocabulary = {
      ...none,
      symbols,
      tokenizerDigest: symbols.digest,
      vocabulary: symbols.size,
      bos: yield* bosOf(symbols.id, null)
    }
    return vocabulary
  }
  const vocabulary: TextVocabulary = {
    ...none,
    vocabulary: params.vocab_size as number,
    bos: yield* bosOf(() => undefined, null)
  }
  return vocabulary
})
