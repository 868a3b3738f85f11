/** Which vocabulary the ids of a text are of: a model's, a tokenizer's, a list of symbols, or only its size. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import type { TokenizerHandle } from "../kinds/tokenizer.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { SymbolVocabulary } from "./symbol-vocabulary.ts"
import { openTokenizer } from "./open-tokenizer.ts"
import type { StreamingTokenizer } from "./tokenizer.ts"

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

export interface VocabularySettings {
  readonly bos_token: string | null
  readonly symbols: SymbolVocabulary | undefined
  readonly vocab_size: number | null
}

/** `eos_token_id` of config.json: a number, or a list of which the first is the document's end. */
const eosOf = (config: Readonly<Record<string, unknown>>): number | null => {
  const id = Array.isArray(config["eos_token_id"]) ? config["eos_token_id"][0] : config["eos_token_id"]
  return typeof id === "number" ? id : null
}

/** What a text's ids have to know of the model that they are for. */
export interface ModelFacts {
  readonly handle: LanguageModelHandle
  readonly d_vocab: number
  readonly bos: number | null
  /** Longest context, in tokens. */
  readonly n_ctx: number
}

/** Of what says what ids mean, there is one: `decodeLoadText`. */
export const textVocabulary = Effect.fn("textVocabulary")(function* (
  model: ModelFacts | undefined,
  alone: TokenizerHandle | undefined,
  params: VocabularySettings
) {
  const none = { tokenizer: undefined, symbols: undefined, tokenizerDigest: null, eos: null, longest: undefined }
  const bosOf = Effect.fnUntraced(function* (id: (token: string) => number | undefined, own: number | null) {
    if (params.bos_token === null) return own
    const found = id(params.bos_token)
    if (found !== undefined) return found
    return yield* stageFailed(`bos_token is ${params.bos_token}, which is not in the vocabulary`, "Name a token of it.")
  })
  if (model !== undefined) {
    const { handle } = model
    const tokenizer = yield* openTokenizer(handle.tokenizer)
    const vocabulary: TextVocabulary = {
      ...none,
      tokenizer,
      tokenizerDigest: handle.tokenizerDigest,
      vocabulary: model.d_vocab,
      bos: yield* bosOf(tokenizer.id, model.bos),
      eos: eosOf(handle.config),
      longest: model.n_ctx
    }
    return vocabulary
  }
  if (alone !== undefined) {
    const tokenizer = yield* openTokenizer(alone.json)
    const vocabulary: TextVocabulary = {
      ...none,
      tokenizer,
      tokenizerDigest: alone.digest,
      vocabulary: tokenizer.vocabularySize,
      bos: yield* bosOf(tokenizer.id, null)
    }
    return vocabulary
  }
  const { symbols } = params
  if (symbols !== undefined) {
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
