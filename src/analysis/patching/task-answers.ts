/** Whether a model does a task: the guard before anything is traced in it. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { RunnableModel } from "../../model/run-model.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { lastLogits, logitDifferences, type Prompts } from "./prompt-batch.ts"

export interface TaskAnswers {
  /** Logit of the clean answer less that of the corrupted one, of each pair, after each of its prompts. */
  readonly clean: ReadonlyArray<number>
  readonly corrupted: ReadonlyArray<number>
}

export const taskAnswers = (model: RunnableModel, { batches }: Prompts): TaskAnswers => {
  const of = (which: "clean" | "corrupted") =>
    batches.flatMap((batch) => {
      const scope: Array<ReadonlyArray<number>> = []
      tf.tidy(() => {
        scope.push(logitDifferences(lastLogits(model, batch[which]), batch))
      })
      return scope.flat()
    })
  return { clean: of("clean"), corrupted: of("corrupted") }
}

/** Share of all prompts, clean and corrupted, whose own answer the model prefers. */
export const taskAccuracy = ({ clean, corrupted }: TaskAnswers): number =>
  (clean.filter((difference) => difference > 0).length + corrupted.filter((difference) => difference < 0).length) /
  (clean.length + corrupted.length)

/** Fails for a model that prefers the right answer too seldom, and names models that do the task. */
export const requireTask = (
  answers: TaskAnswers,
  least: number,
  { task, models }: { readonly task: string; readonly models: string }
) => {
  const accuracy = taskAccuracy(answers)
  const mean = answers.clean.reduce((sum, each) => sum + each, 0) / answers.clean.length
  return accuracy >= least
    ? Effect.void
    : Effect.fail(
        stageFailed(
          `the model does not ${task}: it prefers the right answer in ${(100 * accuracy).toFixed(0)} % of ${2 * answers.clean.length} prompts (mean logit difference ${mean.toFixed(2)}), ${100 * least} % are asked for; there is nothing to trace`,
          `Give a model that does: ${models}. Or lower least_accuracy.`
        )
      )
}
