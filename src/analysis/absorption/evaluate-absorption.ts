/**
 * The whole evaluation: prompts, the model's answers, an SAE's codes at the words, absorption per letter. Several SAEs
 * share the prompts, and those of one hook the model's answers.
 */
import * as Effect from "effect/Effect"
import type { AbsorptionFile } from "../../kinds/absorption.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import { findHook } from "../../model/hook-name.ts"
import { openModel } from "../../model/open-model.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Progress } from "../../stage/progress.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { ablationEffects, asSaeSpelling, errorKept } from "./ablation-effects.ts"
import type { AbsorptionSettings } from "./absorption-split.ts"
import { commonWords } from "./common-words.ts"
import { explainedVariance } from "../explained-variance.ts"
import { type FirstLetterAnswers, firstLetterAnswers } from "./first-letter-answers.ts"
import { type FirstLetterPrompts, firstLetterPrompts, letterOf } from "../../text/first-letter/first-letter-prompts.ts"
import { firstLetterWords } from "./first-letter-words.ts"
import { encodeLatents } from "../latent-codes.ts"
import { letterAbsorption } from "./letter-absorption.ts"
import { reconstructLatents } from "../reconstruct-latents.ts"
import { unconverged } from "./unconverged.ts"
import { undertrained } from "./undertrained.ts"
import { rateUnmeasured } from "./rate-unmeasured.ts"
import { tooFewWords, unknownLetters } from "./unfit-words.ts"
import { wordEffect } from "./word-effect.ts"

export interface AbsorptionOptions extends AbsorptionSettings {
  readonly hook: string | null
  readonly words_per_letter: number
  readonly icl_examples: number
  readonly min_letters: number
  /** Effects along the path of the paper's code. */
  readonly as_sae_spelling: boolean
}

export interface AbsorptionSubject {
  readonly sae: SaeHandle
  readonly progress?: (progress: Progress) => void
}

const unfit = (problem: string) =>
  stageFailed(
    problem,
    "Absorption needs a model that knows first letters, and a hook where they are linearly readable."
  )

/** Words of each letter that `wordEffect` is the mean over. */
const wordsForEffect = 4

const firstOfLetters = ({ letters }: FirstLetterPrompts, words: ReadonlyArray<number>): ReadonlyArray<number> => {
  const taken = new Uint32Array(26)
  return words.filter((n) => taken[letters[n]!]!++ < wordsForEffect)
}

/** Results in the order of the SAEs. */
export const evaluateAbsorption = Effect.fn("evaluateAbsorption")(function* (
  subjects: ReadonlyArray<AbsorptionSubject>,
  language: LanguageModelHandle,
  options: AbsorptionOptions
) {
  const model = yield* openModel(language)
  const tokenizer = yield* openTokenizer(language.tokenizer)
  const words = firstLetterWords(commonWords(), tokenizer.encode, options.words_per_letter)
  const few = tooFewWords(words.map(letterOf), options)
  if (few !== undefined) return yield* stageFailed(few.problem, few.remedy)
  const prompts = yield* Effect.try({
    try: () =>
      firstLetterPrompts({
        words,
        examples: options.icl_examples,
        seed: options.seed,
        encode: tokenizer.encode,
        bos: model.info.bos
      }),
    catch: (cause) => unfit(cause instanceof Error ? cause.message : String(cause))
  })
  if (prompts.length > model.info.n_ctx) {
    return yield* stageFailed(
      `a prompt takes ${prompts.length} tokens, the model's context is ${model.info.n_ctx}`,
      "Lower icl_examples."
    )
  }
  const answersAt = new Map<string, FirstLetterAnswers>()
  return yield* Effect.forEach(subjects, ({ sae, progress = () => {} }) =>
    absorptionOf(sae, model, prompts, options, progress, answersAt)
  )
})

const absorptionOf = Effect.fnUntraced(function* (
  sae: SaeHandle,
  model: RunnableModel,
  prompts: FirstLetterPrompts,
  options: AbsorptionOptions,
  progress: (progress: Progress) => void,
  answersAt: Map<string, FirstLetterAnswers>
) {
  const { words } = prompts
  const hook = options.hook ?? sae.hook
  if (hook === null) {
    return yield* stageFailed(
      "the SAE does not say which hook it reads",
      "Set hook, for example blocks.2.hook_resid_post."
    )
  }
  const point = findHook(hook, model.info)
  if (typeof point === "string") return yield* stageFailed(point)
  if (point.shape.length !== 1 || point.width !== sae.d_in) {
    return yield* stageFailed(
      `${hook} gives [${point.shape.join(", ")}] a token, the SAE reads rows of ${sae.d_in} numbers`
    )
  }
  const answers =
    answersAt.get(hook) ??
    firstLetterAnswers(model, prompts, hook, (done) => progress({ done, total: words.length, unit: "words" }))
  answersAt.set(hook, answers)
  const { right, x } = answers
  const known = words.flatMap((_, n) => (right[n] ? [n] : []))
  const accuracy = known.length / words.length
  const unknown = unknownLetters(prompts.letters, right, options)
  if (unknown !== undefined) return yield* stageFailed(unknown.problem, unknown.remedy)
  const d = sae.d_in
  const rows = new Float32Array(known.length * d)
  known.forEach((word, n) => rows.set(x.subarray(word * d, (word + 1) * d), n * d))

  const weights = yield* sae.weights
  const codes = yield* Effect.scoped(Effect.map(openSaeModel(weights), (made) => encodeLatents(rows, made)))
  const ev = explainedVariance(rows, reconstructLatents(codes, weights), d)
  const data = {
    words: known.map((n) => words[n]!),
    letters: Uint8Array.from(known, (n) => prompts.letters[n]!),
    x: rows,
    codes,
    W_dec: weights.W_dec
  }
  const ablate = (some: ReadonlyArray<number>) =>
    ablationEffects(
      { model, prompts, hook, codes, weights },
      some.map((row) => ({ prompt: known[row]!, row })),
      options.as_sae_spelling ? asSaeSpelling : errorKept,
      (done) => progress({ done, total: some.length, unit: "words ablated" })
    )
  const effect =
    options.ablated_words === 0 ? null : wordEffect(model, prompts, hook, x, firstOfLetters(prompts, known))
  const unmeasured = rateUnmeasured(effect, options.effect_gap, hook)
  const result = letterAbsorption(data, options, unmeasured === null ? ablate : undefined, (done) =>
    progress({ done, total: options.splits, unit: "splits" })
  )
  if (result.probe.letters < options.min_letters) {
    return yield* unfit(
      `only ${result.probe.letters} letters have a probe with F1 > ${options.min_probe_f1} at ${hook}, ` +
        `${options.min_letters} are needed (probe accuracy ${result.probe.accuracy.toFixed(3)})`
    )
  }
  const { mean_split_f1 } = result
  const file: AbsorptionFile = {
    format: 3,
    hook,
    sae: { digest: sae.digest, d_sae: sae.d_sae, d_in: d, l0: codes.values.length / codes.rows, ev },
    prompt: prompts.example,
    settings: {
      icl_examples: options.icl_examples,
      c: options.c,
      min_probe_f1: options.min_probe_f1,
      max_k: options.max_k,
      f1_jump: options.f1_jump,
      full_cosine: options.full_cosine,
      fraction_cosine: options.fraction_cosine,
      min_share: options.min_share,
      max_absorbers: options.max_absorbers,
      splits: options.splits,
      seed: options.seed,
      as_saebench: options.as_saebench,
      selection_tolerance: options.selection_tolerance,
      ablated_words: options.ablated_words,
      effect_gap: options.effect_gap,
      as_sae_spelling: options.as_sae_spelling
    },
    model: { words: words.length, correct: known.length, accuracy },
    word_effect: effect,
    rate_unmeasured: unmeasured,
    ...result,
    warnings: [
      ...undertrained({ ev, mean_split_f1 }),
      ...unconverged(result.selection_gap, options.selection_tolerance)
    ]
  }
  return file
})
