/** Runs a model on first-letter prompts: whether its best next token is the right capital, and what the word carries. */
import * as tf from "@tensorflow/tfjs-core"
import { timesRows } from "../../model/blocks/matrix-rows.ts"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import type { FirstLetterPrompts } from "../../text/first-letter/first-letter-prompts.ts"
import { finalHook } from "./letter-margin.ts"

export interface FirstLetterAnswers {
  /** Per word: the token with the greatest logit of the whole vocabulary is the right capital. */
  readonly right: ReadonlyArray<boolean>
  /** Activation of the hook at the word asked about: [words, width], row-major. */
  readonly x: Float32Array<ArrayBuffer>
}

/**
 * @param hook a hook of one vector a position
 * @param onWords is told how many words are done
 */
export const firstLetterAnswers = (
  model: RunnableModel,
  prompts: FirstLetterPrompts,
  hook: string,
  onWords: (done: number) => void = () => {},
  batch = 32
): FirstLetterAnswers => {
  const { words, length, wordPosition, answerIds } = prompts
  const right: Array<boolean> = []
  let x = new Float32Array(0)
  for (let first = 0; first < words.length; first += batch) {
    const count = Math.min(batch, words.length - first)
    const ids = prompts.ids.slice(first * length, (first + count) * length)
    tf.tidy(() => {
      const { activations } = runModel(model, { ids, batch: count, time: length }, { hooks: [hook, finalHook] })
      const at = (name: string, position: number): tf.Tensor2D =>
        tf.reshape(tf.slice(activations[name]!, [0, position, 0], [count, 1, -1]), [count, -1])
      const rows = at(hook, wordPosition).dataSync<"float32">()
      if (first === 0) x = new Float32Array((rows.length / count) * words.length)
      x.set(rows, (rows.length / count) * first)
      const best = tf.argMax(timesRows(at(finalHook, length - 1), model.weights.unembedding), 1).dataSync<"int32">()
      for (let n = 0; n < count; n++) right.push(best[n] === answerIds[prompts.letters[first + n]!])
      for (const activation of Object.values(activations)) activation.dispose()
    })
    onWords(first + count)
  }
  return { right, x }
}
