/** First letters (Chanin et al. 2409.14507; SAEBench): the model is asked for them, and only words that it spells right count. */
import * as Effect from "effect/Effect"
import type { RunnableModel } from "../../model/run-model.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import {
  firstLetterPrompts,
  type FirstLetterPrompts,
  letterOf,
  letters
} from "../../text/first-letter/first-letter-prompts.ts"
import { ablationEffects, asSaeSpelling, errorKept } from "./ablation-effects.ts"
import { commonWords } from "./common-words.ts"
import { firstLetterAnswers } from "./first-letter-answers.ts"
import { firstLetterWords } from "./first-letter-words.ts"
import { rateUnmeasured } from "./rate-unmeasured.ts"
import { tooFewWords, unknownLetters } from "./unfit-words.ts"
import { wordEffect } from "./word-effect.ts"
import type { TaskRows, WordTask } from "./word-task.ts"

export interface FirstLetterOptions {
  readonly words_per_letter: number | null
  readonly min_letters: number | null
  readonly icl_examples: number
  readonly ablated_words: number
  readonly effect_gap: number
  /** Effects along the path of the paper's code. */
  readonly as_sae_spelling: boolean
  readonly seed: number
}

const needs = "Absorption needs a model that knows first letters, and a hook where they are linearly readable."

/** Words of each letter that `wordEffect` is the mean over. */
const wordsForEffect = 2

const firstOfLetters = (prompts: FirstLetterPrompts, words: ReadonlyArray<number>): ReadonlyArray<number> => {
  const taken = new Uint32Array(letters.length)
  return words.filter((n) => taken[prompts.letters[n]!]!++ < wordsForEffect)
}

export const firstLetterTask = Effect.fnUntraced(function* (
  model: RunnableModel,
  encode: (text: string) => ArrayLike<number>,
  options: FirstLetterOptions
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
  const task: WordTask = {
    name: "first_letter",
    classes: [...letters],
    example: prompts.example,
    needs,
    leastClasses: needed.min_letters,
    rowsAt: Effect.fnUntraced(function* (hook, progress) {
      const { right, x } = firstLetterAnswers(model, prompts, hook, (done) =>
        progress({ done, total: words.length, unit: "words" })
      )
      const unknown = unknownLetters(prompts.letters, right, needed)
      if (unknown !== undefined) return yield* stageFailed(unknown.problem, unknown.remedy)
      const known = words.flatMap((_, n) => (right[n] === true ? [n] : []))
      const d = x.length / words.length
      const rows = new Float32Array(known.length * d)
      known.forEach((word, n) => rows.set(x.subarray(word * d, (word + 1) * d), n * d))
      const effect =
        options.ablated_words === 0 ? null : wordEffect(model, prompts, hook, x, firstOfLetters(prompts, known))
      const unmeasured = rateUnmeasured(effect, options.effect_gap, hook)
      const found: TaskRows = {
        words: known.map((n) => words[n]!),
        labels: Uint8Array.from(known, (n) => prompts.letters[n]!),
        x: rows,
        asked: words.length,
        answers: true,
        ablations: (codes, weights) => ({
          effect,
          unmeasured,
          ablate:
            unmeasured === null
              ? (some) =>
                  ablationEffects(
                    { model, prompts, hook, codes, weights },
                    some.map((row) => ({ prompt: known[row]!, row })),
                    options.as_sae_spelling ? asSaeSpelling : errorKept,
                    (done) => progress({ done, total: some.length, unit: "words ablated" })
                  )
              : undefined
        })
      }
      return found
    })
  }
  return task
})
