/** First letters (Chanin et al. 2409.14507; SAEBench): the model is asked for them, and only words that it spells right count. */
import * as Effect from "effect/Effect"
import type { FirstLetterAnswersHandle } from "../../kinds/first-letter-answers/first-letter-answers.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { letters } from "../../text/first-letter/first-letter-prompts.ts"
import { ablationEffects, asSaeSpelling, errorKept } from "./ablation-effects.ts"
import {
  type Answers,
  askedWords,
  type AskedOptions,
  type AskedWords,
  askFirstLetters,
  knownWords,
  needs,
  requireKnown
} from "./asked-words.ts"
import { rateUnmeasured } from "./rate-unmeasured.ts"
import type { TaskRows, WordTask } from "./word-task.ts"

export interface FirstLetterOptions extends AskedOptions {
  readonly ablated_words: number
  readonly effect_gap: number
  /** Effects along the path of the paper's code. */
  readonly as_sae_spelling: boolean
}

/** Answers that are there already. Fails where they are others than those that would be asked for. */
const givenAnswers = Effect.fnUntraced(function* (
  answers: FirstLetterAnswersHandle,
  model: string,
  { words, prompts, needed }: AskedWords,
  hook: string,
  options: FirstLetterOptions
) {
  const wanted = { hook, words_per_letter: needed.words_per_letter, icl_examples: options.icl_examples }
  const other = (Object.keys(wanted) as Array<keyof typeof wanted>).find((name) => answers[name] !== wanted[name])
  if (other !== undefined) {
    return yield* stageFailed(
      `the answers are of ${other} ${answers[other]}, asked for is ${wanted[other]}`,
      `Give ask-first-letters the same ${other}, or leave answers out.`
    )
  }
  if (answers.model !== model || answers.words.join() !== words.join()) {
    return yield* stageFailed("the answers are of another model", "Give answers of the model that is given.")
  }
  yield* requireKnown(prompts, answers.right, needed)
  const found: Answers = {
    right: answers.right,
    x: yield* answers.rows,
    effect: options.ablated_words === 0 ? null : answers.word_effect
  }
  return found
})

/**
 * @param digest of the model
 * @param answers that the model gave before; undefined: it is asked
 */
export const firstLetterTask = Effect.fnUntraced(function* (
  model: RunnableModel,
  digest: string,
  encode: (text: string) => ArrayLike<number>,
  options: FirstLetterOptions,
  answers: FirstLetterAnswersHandle | undefined
) {
  const asked = yield* askedWords(model, encode, options)
  const { words, prompts, needed } = asked
  const task: WordTask = {
    name: "first_letter",
    classes: [...letters],
    example: prompts.example,
    needs,
    leastClasses: needed.min_letters,
    rowsAt: Effect.fnUntraced(function* (hook, progress) {
      const { right, x, effect } =
        answers === undefined
          ? yield* askFirstLetters(model, asked, hook, options.ablated_words > 0, progress)
          : yield* givenAnswers(answers, digest, asked, hook, options)
      const known = knownWords(right)
      const d = x.length / words.length
      const rows = new Float32Array(known.length * d)
      known.forEach((word, n) => rows.set(x.subarray(word * d, (word + 1) * d), n * d))
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
