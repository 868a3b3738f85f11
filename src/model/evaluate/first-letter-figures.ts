/** Runs a model on first-letter prompts: how often its answer is right, and the residual streams of the words. */
import * as tf from "@tensorflow/tfjs-core"
import type { FirstLetterPrompts } from "../../text/first-letter/first-letter-prompts.ts"
import { timesRows } from "../blocks/matrix-rows.ts"
import { type RunnableModel, runModel } from "../run-model.ts"

export interface FirstLetterFigures {
  /** Per word: whether the token with the greatest logit of the whole vocabulary is the right capital. */
  readonly right: ReadonlyArray<boolean>
  readonly accuracy: number
  /** By hook: activations at the word asked about, [words, width], row-major. */
  readonly activations: Readonly<Record<string, Float32Array>>
}

/** @param hooks hooks of shape [d_model], each once */
export const firstLetterFigures = (
  model: RunnableModel,
  prompts: FirstLetterPrompts,
  hooks: ReadonlyArray<string>,
  batch = 32
): FirstLetterFigures => {
  const { length, wordPosition, letters, answerIds } = prompts
  const words = letters.length
  const right: Array<boolean> = []
  const kept = Object.fromEntries(hooks.map((hook) => [hook, new Float32Array(words * model.info.d_model)]))
  for (let first = 0; first < words; first += batch) {
    const count = Math.min(batch, words - first)
    const ids = prompts.ids.slice(first * length, (first + count) * length)
    tf.tidy(() => {
      const names = [...hooks, "ln_final.hook_normalized"]
      const { activations } = runModel(model, { ids, batch: count, time: length }, { hooks: names })
      const position = (name: string, at: number): tf.Tensor2D => {
        const activation = activations[name] as tf.Tensor3D
        return tf.reshape(tf.slice(activation, [0, at, 0], [count, 1, -1]), [count, -1])
      }
      for (const hook of hooks) {
        kept[hook]?.set(position(hook, wordPosition).dataSync() as Float32Array, first * model.info.d_model)
      }
      const last = position("ln_final.hook_normalized", length - 1)
      const best = tf.argMax(timesRows(last, model.weights.unembedding), 1).dataSync()
      for (let i = 0; i < count; i++) right.push(best[i] === answerIds[letters[first + i] as number])
      for (const name of names) activations[name]?.dispose()
    })
  }
  return { right, accuracy: right.filter(Boolean).length / words, activations: kept }
}
