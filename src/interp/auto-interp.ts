/** The stage auto-interp: explanations of an SAE's latents, with their scores on held-out text. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireTextOrder } from "../activations/fit.ts"
import { interpretationsFileName } from "../kinds/interpretations.ts"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import { openModel } from "../model/open-model.ts"
import type { Opened } from "../stage/input.ts"
import { keptParts } from "../stage/kept-parts.ts"
import { estimated } from "../stage/metric.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { openTokenizer } from "../text/open-tokenizer.ts"
import { type InterpretOptions, interpretSae } from "./interpret-sae.ts"
import { meanScoreIntervals, meanScores } from "./mean-scores.ts"
import { type DictionaryInputs, openDictionary } from "./open-dictionary.ts"

interface AutoInterpInputs extends DictionaryInputs {
  readonly model: Opened<LanguageModelHandle>
}

export const autoInterp = Effect.fn("autoInterp")(function* ({
  inputs,
  settings,
  output,
  progress,
  log,
  checkpoint
}: StageContext<unknown, unknown, AutoInterpInputs, InterpretOptions>) {
  const [activations, language] = [inputs.activations.value, inputs.model.value]
  const sources = inputs.sources.map(({ value }) => value)
  for (const each of [activations, ...sources]) yield* requireModelOf(each, language)
  yield* requireTextOrder(activations)
  yield* requireHeldOut(activations)
  const model = yield* openModel(language)
  if (settings.longestPrompt + 1 > model.info.n_ctx) {
    return yield* stageFailed(
      `longest_prompt is ${settings.longestPrompt}, the model's context ${model.info.n_ctx}`,
      "Lower longest_prompt."
    )
  }
  const tokenizer = yield* openTokenizer(language.tokenizer)
  const dictionary = yield* openDictionary(inputs)
  const kept = yield* keptParts(checkpoint)
  const file = yield* interpretSae({ model, tokenizer, activations, sources, dictionary, progress, kept }, settings)
  yield* output.writeJson(interpretationsFileName, file)
  const count = file.latents.length
  const counts = {
    explained_latents: count,
    live_latents: file.live,
    patterns: file.latents.reduce((sum, { patterns }) => sum + patterns.length, 0) / count
  }
  const scores = meanScores(file)
  if (scores === undefined) {
    const none = { unmeasured: "none of the latents fires above the threshold on held-out rows" }
    return {
      ...counts,
      scored_latents: 0,
      mean_f1: none,
      shuffled_f1: none,
      beats_shuffled: none,
      token_f1: none,
      f1_beyond_token: none,
      mean_precision: none,
      mean_recall: none,
      mean_balanced_accuracy: none
    }
  }
  log(
    `${scores.scored} latents scored: mean F1 ${scores.f1.toFixed(3)}, of the tokens alone ${scores.token.toFixed(3)}, shuffled ${scores.shuffled.toFixed(3)}, ${(100 * scores.beating).toFixed(1)} % beat it`
  )
  const intervals = meanScoreIntervals(file)
  return {
    ...counts,
    scored_latents: scores.scored,
    mean_f1: estimated(scores.f1, intervals.f1),
    shuffled_f1: estimated(scores.shuffled, intervals.shuffled),
    token_f1: estimated(scores.token, intervals.token),
    f1_beyond_token: estimated(scores.beyondToken, intervals.beyondToken),
    beats_shuffled: estimated(scores.beating, intervals.beating),
    mean_precision: estimated(scores.precision, intervals.precision),
    mean_recall: estimated(scores.recall, intervals.recall),
    mean_balanced_accuracy: estimated(scores.balancedAccuracy, intervals.balancedAccuracy)
  }
})
