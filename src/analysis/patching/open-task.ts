/** A model and prompts that it has to answer, before anything is patched. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { PromptPairsHandle } from "../../kinds/prompt-pairs.ts"
import { openModel } from "../../model/open-model.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { readPrompts } from "./prompt-batch.ts"
import { requireTask, taskAnswers } from "./task-answers.ts"

/** Needs a scope. Fails for prompts that are not this model's, and for a model that does not do the task. */
export const openTask = Effect.fn("openTask")(function* (
  handle: LanguageModelHandle,
  task: PromptPairsHandle,
  leastAccuracy: number
) {
  const model = yield* openModel(handle)
  const tokenizer = yield* openTokenizer(handle.tokenizer)
  const { n_ctx, bos } = model.info
  const prompts = yield* readPrompts(task.pairs, tokenizer, { n_ctx, bos: bos ?? undefined })
  const answers = taskAnswers(model, prompts)
  yield* requireTask(answers, leastAccuracy, task)
  return { model, prompts, answers }
})
