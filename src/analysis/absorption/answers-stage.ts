/** The stage ask-first-letters: what a model answers, and carries at each word, for all SAEs of a hook. */
import * as Effect from "effect/Effect"
import { writeFirstLetterAnswers } from "../../kinds/first-letter-answers/first-letter-answers.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import { findHook } from "../../model/hook-name.ts"
import { openModel } from "../../model/open-model.ts"
import { shareInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"
import type { Opened } from "../../stage/input.ts"
import { keptParts } from "../../stage/kept-parts.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { askFirstLetters, askedWords, type AskedOptions } from "./asked-words.ts"

interface AnswersParams extends Omit<AskedOptions, "min_letters"> {
  readonly hook: string
}

/** That any SAE can be measured on them: as many letters as a probe of letters needs are asked for by the evaluation. */
const fewestLetters = 1

export const answersStage = Effect.fn("answersStage")(function* ({
  inputs,
  params,
  output,
  progress,
  checkpoint
}: StageContext<AnswersParams, unknown, { readonly model: Opened<LanguageModelHandle> }>) {
  const handle = inputs.model.value
  const model = yield* openModel(handle)
  const { hook, ...options } = params
  const point = findHook(hook, model.info)
  if (typeof point === "string") return yield* stageFailed(point)
  if (point.shape.length !== 1) {
    return yield* stageFailed(`${hook} gives [${point.shape.join(", ")}] a token, not one vector`)
  }
  const { encode } = yield* openTokenizer(handle.tokenizer)
  const asked = yield* askedWords(model, encode, { ...options, min_letters: fewestLetters })
  const { right, x, effect } = yield* askFirstLetters(model, asked, hook, true, progress, yield* keptParts(checkpoint))
  const { words, needed } = asked
  const file = {
    model: handle.digest,
    hook,
    words_per_letter: needed.words_per_letter,
    icl_examples: options.icl_examples,
    seed: options.seed,
    words,
    right,
    word_effect: effect as number
  }
  yield* writeFirstLetterAnswers(output, file, x)
  const known = right.filter(Boolean).length
  const interval = shareInterval(known, words.length, Rng.make(0, "intervals of the model's letters"))
  return {
    words: words.length,
    accuracy: estimated(known / words.length, interval),
    word_effect: file.word_effect
  }
})
