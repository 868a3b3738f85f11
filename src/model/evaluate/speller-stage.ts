/** The stage evaluate-speller: first letters, a letter probe and held-out text, as tiny-speller is measured. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { Opened } from "../../stage/input.ts"
import type { ResolvedSource } from "../../stage/source.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { endOfTextToken } from "../../text/speller-corpus.ts"
import { trainingText } from "../../text/training-text.ts"
import { openModel } from "../open-model.ts"
import { type SpellerFigures, spellerFigures } from "./speller-figures.ts"

interface SpellerParams {
  readonly hook: string
  /** Lines of examples in a prompt. */
  readonly examples: number
  readonly seed: number
}

export const spellerStage = Effect.fn("spellerStage")(function* ({
  sources,
  inputs,
  params,
  output,
  log
}: StageContext<SpellerParams, { readonly text: ResolvedSource }, { readonly model: Opened<LanguageModelHandle> }>) {
  const handle = inputs.model.value
  const tokenizer = yield* openTokenizer(handle.tokenizer)
  const endOfText = tokenizer.id(endOfTextToken)
  const corpus = yield* trainingText(sources.text)
  if (endOfText === undefined || corpus.words.length === 0) {
    return yield* stageFailed(
      "the model has no <|endoftext|>, or the text has no drill words",
      "It measures models that train-lm made from builtin:speller-text."
    )
  }
  const model = yield* openModel(handle)
  const figures = yield* Effect.try({
    try: () => spellerFigures(model, corpus, tokenizer, { ...params, endOfText }),
    catch: (error) => stageFailed(error instanceof Error ? error.message : String(error))
  })
  yield* output.writeJson("figures.json", figures)
  log(JSON.stringify(figures))
  const { accuracy, probe, text } = figures
  const told = ({ accuracy: share, interval }: SpellerFigures["probe"] | SpellerFigures["accuracy"]["drilled"]) =>
    estimated(share, interval)
  return {
    first_letter_accuracy: told(accuracy.drilled),
    first_letter_words: accuracy.drilled.words,
    spelled_accuracy: told(accuracy.spelled),
    unseen_accuracy: told(accuracy.unseen),
    probe_accuracy: told(probe),
    probe_letters: probe.goodLetters,
    letter_share: probe.letterShare,
    held_out_text_loss: estimated(text.loss, text.interval),
    bigram_loss: text.bigramLoss,
    held_out_tokens: text.tokens
  }
})
