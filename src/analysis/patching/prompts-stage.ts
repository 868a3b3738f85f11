/** The stage evaluate-prompts. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { PromptPairsHandle } from "../../kinds/prompt-pairs.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import type { Opened } from "../../stage/input.ts"
import { withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { openTask } from "./open-task.ts"
import { lastLogits, logitDifferences } from "./prompt-batch.ts"

interface PromptsInputs {
  readonly model: Opened<LanguageModelHandle>
  readonly prompts: Opened<PromptPairsHandle>
}

export const promptsStage = Effect.fn("promptsStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<{ readonly seed: number }, unknown, PromptsInputs>) {
  const { model, prompts, answers } = yield* openTask(inputs.model.value, inputs.prompts.value, 0)
  const { clean, corrupted } = answers
  const control = prompts.batches.flatMap((batch) => {
    const found: Array<number> = []
    tf.tidy(() => {
      const next = <A extends Int32Array>(ids: A): Int32Array =>
        Int32Array.from(ids, (_, n) => ids[(n + 1) % ids.length]!)
      const others = { correct: next(batch.correct), wrong: next(batch.wrong) }
      found.push(...logitDifferences(lastLogits(model, batch.clean), others))
    })
    return found
  })
  const right = clean.map((each, n) => ((each > 0 ? 1 : 0) + (corrupted[n]! < 0 ? 1 : 0)) / 2)
  const n = prompts.pairs
  const figures = (times: ArrayLike<number>) => ({
    accuracy: drawnSum(times, right) / n,
    logit_difference: drawnSum(times, clean) / n,
    control_difference: drawnSum(times, control) / n
  })
  const found = figures(new Int32Array(n).fill(1))
  yield* output.writeJson("answers.json", { clean, corrupted, control })
  log(`${n} pairs of ${prompts.time} tokens: ${(100 * found.accuracy).toFixed(1)} % right`)
  return withIntervals(found, bootstrapIntervals([n], figures, Rng.make(params.seed, "intervals of answers")))
}, Effect.scoped)
