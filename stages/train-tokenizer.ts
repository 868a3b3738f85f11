/** A byte-level BPE tokenizer of one's own, trained on a text (and, for the speller corpus, on its drill words). */
import * as Effect from "effect/Effect"
import { Tokenizer } from "../src/kinds/tokenizer.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("train-tokenizer", {
  summary: "Trains a byte-level BPE tokenizer on a text and writes it as tokenizer.json",
  sources: {
    text: { of: "text", default: "builtin:speller-text", description: "training text; its held-out part is not used" }
  },
  inputs: {},
  params: {
    vocab_size: Param.integer({
      default: 6144,
      minimum: 257,
      maximum: 1_000_000,
      unit: "tokens",
      description: "tokens wanted; id 0 is <|endoftext|>, then come the 256 bytes"
    })
  },
  output: Tokenizer,
  metrics: {
    vocab_size: { better: "neither", tolerance: 0, description: "tokens" },
    characters_per_token: { better: "higher", tolerance: 0.01, description: "on held-out text" }
  },
  engine: false,
  isolation: "pool",
  run: ({ params, sources, output, progress }) =>
    Effect.gen(function* () {
      const { trainingText } = yield* Effect.promise(() => import("../src/text/training-text.ts"))
      const { trainTokenizer } = yield* Effect.promise(() => import("../src/text/train-tokenizer.ts"))
      const { makeTokenizer } = yield* Effect.promise(() => import("../src/text/tokenizer.ts"))
      const corpus = yield* trainingText(sources.text)
      progress({ done: 0, total: params.vocab_size, unit: "tokens" })
      const json = trainTokenizer(corpus, params.vocab_size)
      yield* output.write("tokenizer.json", json)
      const tokenizer = makeTokenizer(json)
      const characters = corpus.heldOut.reduce((sum, { text }) => sum + text.length, 0)
      const tokens = corpus.heldOut.reduce((sum, { text }) => sum + tokenizer.encode(text).length, 0)
      progress({ done: tokenizer.vocabularySize, total: tokenizer.vocabularySize, unit: "tokens" })
      return {
        vocab_size: tokenizer.vocabularySize,
        characters_per_token: tokens === 0 ? 0 : characters / tokens
      }
    })
})
