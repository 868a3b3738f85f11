/** The words whose first letters a model is asked for, and what it answers: the same for every SAE of a hook. */
import * as Effect from "effect/Effect"
import type { RunnableModel } from "../../model/run-model.ts"
import type { Progress } from "../../stage/progress.ts"
import { type KeptParts, noParts } from "../../stage/kept-parts.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import {
  firstLetterPrompts,
  type FirstLetterPrompts,
  letterOf,
  letters
} from "../../text/first-letter/first-letter-prompts.ts"
import { commonWords } from "./common-words.ts"
import { firstLetterAnswers } from "./first-letter-answers.ts"
import { firstLetterWords } from "./first-letter-words.ts"
import { tooFewWords, unknownLetters } from "./unfit-words.ts"
import { wordEffect } from "./word-effect.ts"

export interface AskedOptions {
  /** null: 50 */
  readonly words_per_letter: number | null
  /** null: 20 */
  readonly min_letters: number | null
  readonly icl_examples: number
  readonly seed: number
}

export interface AskedWords {
  readonly words: ReadonlyArray<string>
  readonly prompts: FirstLetterPrompts
  readonly needed: { readonly min_letters: number; readonly words_per_letter: number }
}

export interface Answers {
  /** Of each word. */
  readonly right: ReadonlyArray<boolean>
  /** Activations of the hook at the words, [words, d], row-major. */
  readonly x: Float32Array<ArrayBuffer>
  /** As `wordEffect`; null where it was not asked for. */
  readonly effect: number | null
}

export const needs = "Absorption needs a model that knows first letters, and a hook where they are linearly readable."

/** Words of each letter that `wordEffect` is the mean over. */
const wordsForEffect = 2

const firstOfLetters = (prompts: FirstLetterPrompts, words: ReadonlyArray<number>): ReadonlyArray<number> => {
  const taken = new Uint32Array(letters.length)
  return words.filter((n) => taken[prompts.letters[n]!]!++ < wordsForEffect)
}

/** Words that the model names the first letter of. */
export const knownWords = (right: ReadonlyArray<boolean>): ReadonlyArray<number> =>
  right.flatMap((is, n) => (is ? [n] : []))

/** Fails where they are too few, or do not fit the model's context. */
export const askedWords = Effect.fnUntraced(function* (
  model: RunnableModel,
  encode: (text: string) => ArrayLike<number>,
  options: AskedOptions
) {
  const needed = { min_letters: options.min_letters ?? 20, words_per_letter: options.words_per_letter ?? 50 }
  const words = firstLetterWords(commonWords(), encode, needed.words_per_letter)
  const few = tooFewWords(words.map(letterOf), needed)
  if (few !== undefined) return yield* stageFailed(few.problem, few.remedy)
  const prompts = yield* Effect.try({
    try: () =>
      firstLetterPrompts({ words, examples: options.icl_examples, seed: options.seed, encode, bos: model.info.bos }),
    catch: (cause) => stageFailed(cause instanceof Error ? cause.message : String(cause), needs)
  })
  if (prompts.length > model.info.n_ctx) {
    return yield* stageFailed(
      `a prompt takes ${prompts.length} tokens, the model's context is ${model.info.n_ctx}`,
      "Lower icl_examples."
    )
  }
  const asked: AskedWords = { words, prompts, needed }
  return asked
})

/** Fails where the model does not know the letters of enough words. @param measures the effect of a word */
export const askFirstLetters = Effect.fnUntraced(function* (
  model: RunnableModel,
  { words, prompts, needed }: AskedWords,
  hook: string,
  measures: boolean,
  progress: (progress: Progress) => void,
  kept: KeptParts = noParts
) {
  const onWords = (done: number): void => progress({ done, total: words.length, unit: "words" })
  const { right, x } = yield* firstLetterAnswers(model, prompts, hook, onWords, kept)
  yield* requireKnown(prompts, right, needed)
  const effect = measures
    ? yield* wordEffect(model, prompts, hook, x, firstOfLetters(prompts, knownWords(right)), kept)
    : null
  const answers: Answers = { right, x, effect }
  return answers
})

export const requireKnown = (
  prompts: FirstLetterPrompts,
  right: ReadonlyArray<boolean>,
  needed: AskedWords["needed"]
) => {
  const unknown = unknownLetters(prompts.letters, right, needed)
  return unknown === undefined ? Effect.void : Effect.fail(stageFailed(unknown.problem, unknown.remedy))
}
