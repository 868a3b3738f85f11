/**
 * Passes over prompts from the word asked about on. What comes before it is the same however often a prompt is run, with whatever
 * in the word's place: it is run once, and its keys and values kept.
 */
import { runModel, type TokenBatch } from "../../model/run-model.ts"
import type { KeptPrefix } from "../../model/blocks/kept-prefix.ts"
import type { ModelBody } from "../../model/runnable-model.ts"
import type { FirstLetterPrompts } from "../../text/first-letter/first-letter-prompts.ts"

export interface WordOnwards {
  /** Tokens that are run of each prompt. */
  readonly time: number
  /** Position of the word among them. */
  readonly word: number
  /** Each prompt `times` times in a row. */
  readonly tokens: (times?: number) => TokenBatch
  /** What those passes begin from: an option of `runModel` and `passGradient`. */
  readonly after: { readonly prefix?: KeptPrefix }
  readonly dispose: () => void
}

/** Tokens of each prompt from one position to another, each prompt `times` times in a row. */
const cut = (
  { ids, length }: FirstLetterPrompts,
  some: ReadonlyArray<number>,
  from: number,
  to: number,
  times = 1
): TokenBatch => {
  const time = to - from
  const own = new Int32Array(some.length * times * time)
  some.forEach((prompt, n) => {
    const part = ids.subarray(prompt * length + from, prompt * length + to)
    for (let i = 0; i < times; i++) own.set(part, (n * times + i) * time)
  })
  return { ids: own, batch: some.length * times, time }
}

/** @param some prompts, by their index */
export const wordOnwards = (
  model: ModelBody,
  prompts: FirstLetterPrompts,
  some: ReadonlyArray<number>
): WordOnwards => {
  const { length, wordPosition } = prompts
  // Where it would give another number, the whole prompt is run each time.
  const start = wordPosition > 0 && model.breaks(wordPosition, length) === undefined ? wordPosition : 0
  const prefix = start === 0 ? undefined : runModel(model, cut(prompts, some, 0, start), { keep: true }).kept
  return {
    time: length - start,
    word: wordPosition - start,
    tokens: (times) => cut(prompts, some, start, length, times),
    after: prefix === undefined ? {} : { prefix },
    dispose: () => prefix?.dispose()
  }
}
