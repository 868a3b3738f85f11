/** Text from a source, tokenized with a model's tokenizer and packed into contexts; or sequences of ids or symbols. */
import * as Effect from "effect/Effect"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Tokenizer } from "../src/kinds/tokenizer.ts"
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("load-text", {
  summary: "Tokenizes a text for a model and packs it into contexts; token ids and symbols of a vocabulary work too",
  sources: {
    source: {
      of: "text",
      description:
        "builtin:speller-text, or file:PATH of plain text, JSON lines (both also .gz or .zst), Parquet or Arrow, or of a folder of such files"
    }
  },
  inputs: {
    model: Stage.optional(LanguageModel, "the model whose tokenizer is used, or whose vocabulary the ids are of"),
    tokenizer: Stage.optional(Tokenizer, "instead of a model: a tokenizer alone")
  },
  params: {
    tokens: Param.integer({
      default: 400_000,
      minimum: 1,
      unit: "tokens",
      description: "tokens wanted, BOS included; fewer come out where the text is shorter"
    }),
    context_size: Param.integer({
      default: null,
      minimum: 2,
      unit: "tokens",
      description: "tokens of a context; null: the longest that the model takes, at most 128"
    }),
    bos: Param.boolean({
      default: true,
      description: "put the BOS token at position 0, where there is one (models trained with it need it)"
    }),
    bos_token: Param.string({
      default: null,
      description: "the BOS token, as the vocabulary spells it; null: the model's own, if it has one"
    }),
    separator: Param.choice(["bos", "eos", "none"], {
      default: "bos",
      description: "what stands between two documents in a context: the BOS, the model's EOS, nothing"
    }),
    packing: Param.choice(["join_ends", "one_per_document"], {
      default: "join_ends",
      description:
        "join_ends: documents are cut into whole contexts and their ends are joined; one_per_document: a context is the beginning of a document, shorter ones are left out"
    }),
    shuffle_seed: Param.integer({
      default: null,
      description: "seed of a random order of all documents; null: the order of the source"
    }),
    text_field: Param.string({
      default: null,
      description:
        "field or column that holds text, a list of token ids or a list of symbols; null: text, else input_ids, else tokens"
    }),
    split: Param.string({
      default: null,
      description: "take the files whose names say this split (train, validation, test, ...); all: whatever they say"
    }),
    config: Param.string({ default: null, description: "take the files in the folder of this configuration" }),
    files: Param.string({
      default: null,
      description: "take the files whose relative names match this pattern, such as data/train-*.parquet"
    }),
    vocabulary: Param.list(Param.string({ description: "a symbol" }), {
      default: null,
      description:
        "symbols by id, where the sequences are no text and no model says what they mean; text is then symbols between white space"
    }),
    vocab_size: Param.integer({
      default: null,
      minimum: 1,
      description: "number of token ids, where the source holds ids and neither a model nor a tokenizer is given"
    })
  },
  output: Tokens,
  metrics: {
    tokens: { better: "neither", tolerance: 0, description: "token ids, BOS included" },
    missing_tokens: { better: "lower", tolerance: 0, description: "tokens wanted that the source does not have" },
    contexts: { better: "neither", tolerance: 0, description: "contexts" },
    documents: { better: "neither", tolerance: 0, description: "documents" }
  },
  engine: false,
  isolation: "pool",
  run: ({ sources, inputs, params, output, progress, log }) =>
    Effect.gen(function* () {
      const { loadText } = yield* Effect.promise(() => import("../src/text/load-text.ts"))
      const { modelInfo } = yield* Effect.promise(() => import("../src/model/load-model.ts"))
      const { textVocabulary } = yield* Effect.promise(() => import("../src/text/text-vocabulary.ts"))
      const handle = inputs.model?.value
      const model =
        handle === undefined
          ? undefined
          : yield* modelInfo(handle.config).pipe(
              Effect.mapBoth({
                onSuccess: (info) => ({ handle, ...info }),
                onFailure: (error) => stageFailed(error.message)
              })
            )
      const vocabulary = yield* textVocabulary(model, inputs.tokenizer?.value, params)
      const { longest, eos } = vocabulary
      const contextSize = params.context_size ?? Math.min(128, longest ?? 128)
      if (longest !== undefined && contextSize > longest) {
        return yield* stageFailed(`context_size is ${contextSize}, the model takes at most ${longest}`, "Lower it.")
      }
      const bos = params.bos ? vocabulary.bos : null
      if (params.separator === "eos" && eos === null) {
        return yield* stageFailed("separator is eos, and no model says which token that is", "Set it to bos or none.")
      }
      const { unused, ...loaded } = yield* loadText(sources.source, output, {
        ...vocabulary,
        contextSize,
        bos,
        separator: params.separator === "bos" ? bos : params.separator === "eos" ? eos : null,
        packing: params.packing,
        shuffleSeed: params.shuffle_seed,
        field: params.text_field,
        choice: { split: params.split, config: params.config, files: params.files },
        tokens: params.tokens,
        progress
      })
      const tokens = loaded.contexts * contextSize
      const missing = Math.max(0, params.tokens - tokens)
      if (missing > 0) log(`the source has only ${tokens} tokens in whole contexts: ${missing} fewer than wanted`)
      if (unused > 0) log(`${unused} documents are shorter than a context and were left out`)
      return { tokens, missing_tokens: missing, contexts: loaded.contexts, documents: loaded.documents }
    })
})
