/**
 * The whole evaluation: a task's words, what the model carries at them, an SAE's codes, absorption per class. Several SAEs share
 * the words, and those of one hook the model's activations.
 */
import * as Effect from "effect/Effect"
import type { AbsorptionFile } from "../../kinds/absorption.ts"
import type { FirstLetterAnswersHandle } from "../../kinds/first-letter-answers/first-letter-answers.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { findHook } from "../../model/hook-name.ts"
import type { ModelInfo } from "../../model/decoder/model-info.ts"
import { openModel } from "../../model/open-model.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Progress } from "../../stage/progress.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { explainedVariance } from "../explained-variance.ts"
import { encodeLatents } from "../latent-codes.ts"
import { reconstructLatents } from "../reconstruct-latents.ts"
import type { AbsorptionSettings } from "./absorption-split.ts"
import { type FirstLetterOptions, firstLetterTask } from "./first-letter-task.ts"
import { letterAbsorption } from "./letter-absorption.ts"
import { taggedWordTask } from "./tagged-word-task.ts"
import { unconverged } from "./unconverged.ts"
import { undertrained } from "./undertrained.ts"
import type { TaskName, TaskRows, WordTask } from "./word-task.ts"

export interface AbsorptionOptions extends AbsorptionSettings, Omit<FirstLetterOptions, "icl_examples"> {
  readonly hook: string | null
  readonly task: TaskName
  /** null: as many as the answers', else 10 */
  readonly icl_examples: number | null
}

/** As the model was asked before, where it was and nothing else is wanted. */
const askedAs = (options: AbsorptionOptions, answers: FirstLetterAnswersHandle | undefined) => ({
  ...options,
  words_per_letter: options.words_per_letter ?? answers?.words_per_letter ?? null,
  icl_examples: options.icl_examples ?? answers?.icl_examples ?? 10
})

export interface AbsorptionSubject {
  readonly sae: SaeHandle
  readonly progress?: (progress: Progress) => void
}

/**
 * Results in the order of the SAEs.
 *
 * @param answers of the model for first letters, where it was asked before
 */
export const evaluateAbsorption = Effect.fn("evaluateAbsorption")(function* (
  subjects: ReadonlyArray<AbsorptionSubject>,
  language: LanguageModelHandle,
  given: AbsorptionOptions,
  answers?: FirstLetterAnswersHandle
) {
  const options = askedAs(given, answers)
  const model = yield* openModel(language)
  const { encode } = yield* openTokenizer(language.tokenizer)
  const task =
    options.task === "first_letter"
      ? yield* firstLetterTask(
          model,
          language.digest,
          encode,
          { ...options, seed: answers?.seed ?? options.seed },
          answers
        )
      : yield* taggedWordTask(options.task, model, encode, options)
  const rowsAt = new Map<string, TaskRows>()
  return yield* Effect.forEach(
    subjects,
    Effect.fnUntraced(function* ({ sae, progress = () => {} }) {
      const hook = yield* hookOf(sae, model.info, options)
      const rows = rowsAt.get(hook) ?? (yield* task.rowsAt(hook, progress))
      rowsAt.set(hook, rows)
      return yield* absorptionOf(sae, hook, task, rows, options, progress)
    })
  )
})

const hookOf = Effect.fnUntraced(function* (sae: SaeHandle, info: ModelInfo, options: Pick<AbsorptionOptions, "hook">) {
  const hook = options.hook ?? sae.hook
  if (hook === null) {
    return yield* stageFailed(
      "the SAE does not say which hook it reads",
      "Set hook, for example blocks.2.hook_resid_post."
    )
  }
  const point = findHook(hook, info)
  if (typeof point === "string") return yield* stageFailed(point)
  if (point.shape.length !== 1 || point.width !== sae.d_in) {
    return yield* stageFailed(
      `${hook} gives [${point.shape.join(", ")}] a token, the SAE reads rows of ${sae.d_in} numbers`
    )
  }
  return hook
})

const absorptionOf = Effect.fnUntraced(function* (
  sae: SaeHandle,
  hook: string,
  task: WordTask,
  { words, labels, x, asked, answers, ablations }: TaskRows,
  options: ReturnType<typeof askedAs>,
  progress: (progress: Progress) => void
) {
  const d = sae.d_in
  const weights = yield* sae.weights
  const codes = yield* Effect.scoped(Effect.map(openSaeModel(weights), (made) => encodeLatents(x, made)))
  const ev = explainedVariance(x, reconstructLatents(codes, weights), d)
  const { effect, unmeasured, ablate } = ablations(codes, weights)
  const result = letterAbsorption(
    { classes: task.classes, words, letters: labels, x, codes, W_dec: weights.W_dec },
    options,
    ablate,
    (done) => progress({ done, total: options.splits, unit: "splits" })
  )
  if (result.probe.letters < task.leastClasses) {
    return yield* stageFailed(
      `only ${result.probe.letters} of the ${task.name === "first_letter" ? "letters" : "classes"} have a probe with F1 > ` +
        `${options.min_probe_f1} at ${hook}, ${task.leastClasses} are needed (probe accuracy ${result.probe.accuracy.toFixed(3)})`,
      task.needs
    )
  }
  const { mean_split_f1 } = result
  const file: AbsorptionFile = {
    format: 3,
    task: task.name,
    hook,
    sae: { digest: sae.digest, d_sae: sae.d_sae, d_in: d, l0: codes.values.length / codes.rows, ev },
    prompt: task.example,
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
    model: { words: asked, correct: words.length, accuracy: answers ? words.length / asked : null },
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
