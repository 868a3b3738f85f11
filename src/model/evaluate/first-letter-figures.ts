/** Runs a model on first-letter prompts: how often its best capital is right, and the residual streams of the words. */
import * as tf from "@tensorflow/tfjs-core"
import { type RunnableModel, runModel } from "../run-model.ts"
import type { DrillWord } from "../train/drill-lines.ts"
import type { FirstLetterPrompts } from "./first-letter-prompts.ts"

export interface FirstLetterFigures {
  /** Per word: whether the token with the greatest logit of the whole vocabulary is the right capital. */
  readonly right: ReadonlyArray<boolean>
  readonly accuracy: number
  /** By hook: activations at the word asked about, [words, width], row-major. */
  readonly activations: Readonly<Record<string, Float32Array>>
}

export const firstLetterFigures = (
  model: RunnableModel,
  words: ReadonlyArray<DrillWord>,
  prompts: FirstLetterPrompts,
  hooks: ReadonlyArray<string>,
  batch = 32
): FirstLetterFigures => {
  const { time, wordAt } = prompts
  const right: Array<boolean> = []
  const parts: Record<string, Array<Float32Array>> = Object.fromEntries(hooks.map((hook) => [hook, []]))
  for (let first = 0; first < words.length; first += batch) {
    const count = Math.min(batch, words.length - first)
    const ids = prompts.ids.slice(first * time, (first + count) * time)
    tf.tidy(() => {
      const names = [...hooks, "ln_final.hook_normalized"]
      const { activations } = runModel(model, { ids, batch: count, time }, { hooks: names })
      const position = (name: string, at: number): tf.Tensor2D => {
        const activation = activations[name] as tf.Tensor3D
        return tf.reshape(tf.slice(activation, [0, at, 0], [count, 1, -1]), [count, -1])
      }
      for (const hook of hooks) parts[hook]?.push(position(hook, wordAt).dataSync() as Float32Array)
      const last = position("ln_final.hook_normalized", time - 1)
      const best = tf.argMax(tf.matMul(last, model.weights.unembedding, false, true), 1).dataSync()
      for (let i = 0; i < count; i++) right.push(best[i] === words[first + i]?.letter)
      for (const name of names) activations[name]?.dispose()
    })
  }
  return {
    right,
    accuracy: right.filter(Boolean).length / right.length,
    activations: Object.fromEntries(hooks.map((hook) => [hook, concatenate(parts[hook] ?? [])]))
  }
}

const concatenate = (parts: ReadonlyArray<Float32Array>): Float32Array => {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  return result
}
