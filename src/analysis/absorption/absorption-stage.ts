/** The stage evaluate-absorption: the SAEs of one pass, which the model answers the same prompts for. */
import * as Effect from "effect/Effect"
import { type AbsorptionFile, absorptionFileName } from "../../kinds/absorption.ts"
import type { FirstLetterAnswersHandle } from "../../kinds/first-letter-answers/first-letter-answers.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { Opened } from "../../stage/input.ts"
import { meanInterval, shareInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { kSparseGap } from "./k-sparse-gap.ts"
import { type AbsorptionOptions, evaluateAbsorption } from "./evaluate-absorption.ts"
import { whyNotEvaluated } from "./why-not-evaluated.ts"

type Context = StageContext<
  AbsorptionOptions,
  unknown,
  {
    readonly sae: Opened<SaeHandle>
    readonly model: Opened<LanguageModelHandle>
    readonly answers: Opened<FirstLetterAnswersHandle> | undefined
  }
>

const save = Effect.fnUntraced(function* ({ output, log }: Context, file: AbsorptionFile) {
  for (const warning of file.warnings) log(`warning: ${warning}`)
  if (file.rate_unmeasured !== null) log(`no absorption rate by ablation: ${file.rate_unmeasured}`)
  const left = file.letters.flatMap((letter) => {
    const why = whyNotEvaluated(letter, file.settings)
    return why === undefined ? [] : [`${letter.letter} (${why})`]
  })
  if (left.length > 0) log(`warning: the means leave out ${left.join(", ")}`)
  log(
    `${file.probe.letters} ${file.task === "first_letter" ? "letters" : "classes"}; absorption fraction ${file.mean_absorption_fraction.toFixed(4)}, ` +
      `full ${file.mean_full_absorption.toFixed(4)}, ` +
      (file.mean_absorption_rate === null ? "" : `by ablation ${file.mean_absorption_rate.toFixed(4)}, `) +
      `split latents ${file.mean_split_latents.toFixed(2)}`
  )
  const gap = kSparseGap(file.letters)
  const splits = file.letters.flatMap((letter) => (letter.evaluated ? [letter.mean_split_latents] : []))
  const { test_words: tested, accuracy } = file.probe
  const draws = (of: string) => Rng.make(0, `intervals of ${of}`)
  yield* output.writeJson(absorptionFileName, file)
  return {
    mean_absorption_fraction: estimated(file.mean_absorption_fraction, file.intervals?.["mean_absorption_fraction"]),
    std_absorption_fraction: file.std_absorption_fraction,
    mean_full_absorption: estimated(file.mean_full_absorption, file.intervals?.["mean_full_absorption"]),
    std_full_absorption: file.std_full_absorption,
    mean_absorption_rate:
      file.mean_absorption_rate === null
        ? { unmeasured: file.rate_unmeasured ?? "no ablations" }
        : estimated(file.mean_absorption_rate, file.intervals?.["mean_absorption_rate"]),
    word_effect: file.word_effect ?? { unmeasured: file.rate_unmeasured ?? "no ablations" },
    mean_split_latents: estimated(file.mean_split_latents, meanInterval(splits, draws("split latents"))),
    mean_k1_f1: file.mean_k1_f1,
    k_sparse_gap: estimated(gap.k_sparse_gap, gap.intervals["k_sparse_gap"]),
    letters: file.probe.letters,
    first_letter_accuracy:
      file.model.accuracy === null
        ? { unmeasured: "the model is not asked for these classes" }
        : estimated(
            file.model.accuracy,
            shareInterval(file.model.correct, file.model.words, draws("the model's letters"))
          ),
    probe_accuracy: estimated(accuracy, shareInterval(Math.round(accuracy * tested), tested, draws("the probe"))),
    ev_at_words: file.sae.ev,
    selection_gap: file.selection_gap ?? { unmeasured: "SAEBench's steps have no duality gap" },
    warnings: file.warnings.length
  }
})

/** @param contexts of one model, the same answers of it and one set of parameters */
export const absorptionStage = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const [first] = contexts as readonly [Context]
  const subjects = contexts.map(({ inputs: { sae }, progress }) => ({ sae: sae.value, progress }))
  const { model, answers } = first.inputs
  const files = yield* evaluateAbsorption(subjects, model.value, first.params, answers?.value)
  return yield* Effect.forEach(contexts, (context, i) => save(context, files[i] as AbsorptionFile))
})
