/** Held-out text loss of a stored model, beside that of a Kneser-Ney bigram on the same tokens. */
import * as Effect from "effect/Effect"
import { openSafetensors } from "../../format/safetensors.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { clusteredInterval } from "../../numeric/clustered-interval.ts"
import * as Rng from "../../random/rng.ts"
import { kneserNeyBigram } from "../../text/kneser-ney.ts"
import type { SpellerCorpus } from "../../text/speller-corpus.ts"
import { tokenStream } from "../../text/token-stream.ts"
import type { TextTokenizer } from "../../text/tokenizer.ts"
import { loadModel } from "../load-model.ts"
import type { RunnableModel } from "../run-model.ts"
import { heldOutLoss } from "./held-out-loss.ts"

export interface TextFigures {
  /** Nats a token. */
  readonly loss: number
  /** Over the held-out texts. */
  readonly interval: Interval | undefined
  readonly bigramLoss: number
  readonly tokens: number
}

/** Contexts that are tested at most: 100,000 tokens give the mean to about 0.01. */
const contextLimit = 800

export const modelTextFigures = (
  model: RunnableModel,
  corpus: Pick<SpellerCorpus, "train" | "heldOut">,
  tokenizer: TextTokenizer,
  endOfText: number
): TextFigures => {
  const stream = tokenStream(corpus.heldOut, tokenizer, endOfText)
  const context = Math.min(model.info.n_ctx, stream.length - 1)
  const { loss, losses, texts, tokens, pairs } = heldOutLoss(model, stream, endOfText, context, contextLimit)
  const bigram = kneserNeyBigram(tokenStream(corpus.train, tokenizer, endOfText), model.info.d_vocab)
  const sum = pairs.reduce((total, [previous, next]) => total - bigram.logProbability(previous, next), 0)
  const interval = clusteredInterval(
    texts,
    [losses, losses.map(() => 1)],
    (sum, count) => sum / count,
    Rng.make(0, "intervals of a model's loss")
  )
  return { loss, interval, tokens, bigramLoss: sum / pairs.length }
}

/** The same from the files that were written, so that the figures are those of the stored, rounded weights. */
export const textFigures = Effect.fn("textFigures")(function* (
  config: Readonly<Record<string, unknown>>,
  safetensors: Uint8Array,
  corpus: Pick<SpellerCorpus, "train" | "heldOut">,
  tokenizer: TextTokenizer,
  endOfText: number
) {
  const read = (offset: number, length: number) => Promise.resolve(safetensors.slice(offset, offset + length))
  const weights = openSafetensors({ size: safetensors.length, read }, "model.safetensors")
  const model = yield* loadModel({ config, weights })
  return modelTextFigures(model, corpus, tokenizer, endOfText)
})
