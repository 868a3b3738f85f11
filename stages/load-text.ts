/** Text from a source, tokenized with a model's tokenizer and packed into contexts. */
import * as Effect from "effect/Effect"
import { LanguageModel } from "../src/artifact/language-model.ts"
import { Tokens } from "../src/artifact/tokens.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("load-text", {
  summary: "Tokenizes a text for a model and packs it into contexts",
  sources: {
    source: {
      of: "text",
      description: "builtin:speller-text, or file:PATH of plain text or of JSONL with a field text, or of a folder"
    }
  },
  inputs: { model: Stage.one(LanguageModel, "the model whose tokenizer is used") },
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
      description: "put the model's BOS token at position 0, where it has one (models trained with it need it)"
    })
  },
  output: Tokens,
  metrics: {
    tokens: { better: "neither", tolerance: 0, description: "token ids, BOS included" },
    contexts: { better: "neither", tolerance: 0, description: "contexts" },
    documents: { better: "neither", tolerance: 0, description: "documents" }
  },
  engine: false,
  isolation: "pool",
  run: ({ sources, inputs, params, output, progress, log }) =>
    Effect.gen(function* () {
      const { loadText } = yield* Effect.promise(() => import("../src/text/load-text.ts"))
      const { modelInfo } = yield* Effect.promise(() => import("../src/model/load-model.ts"))
      const model = inputs.model.value
      const info = yield* modelInfo(model.config).pipe(Effect.mapError((error) => stageFailed(error.message)))
      const contextSize = params.context_size ?? Math.min(128, info.context)
      if (contextSize > info.context) {
        return yield* stageFailed(
          `context_size is ${contextSize}, the model takes at most ${info.context}`,
          "Lower context_size."
        )
      }
      const loaded = yield* loadText(sources.source, output, {
        tokenizerJson: yield* model.tokenizer,
        tokenizerDigest: model.tokenizerDigest,
        vocabulary: info.vocabulary,
        contextSize,
        bos: params.bos ? info.bos : null,
        tokens: params.tokens,
        progress
      })
      const tokens = loaded.contexts * contextSize
      if (tokens < params.tokens) log(`the text has ${tokens} tokens, fewer than the ${params.tokens} wanted`)
      return { tokens, contexts: loaded.contexts, documents: loaded.documents }
    })
})
