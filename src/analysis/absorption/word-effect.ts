/**
 * How much of the model's answer still depends on the word's activation at a hook. Later layers have moved the letter to the
 * positions behind the word (Chanin et al. 2409.14507 therefore look at layers 0 to 17 of 26): there no latent can be seen to
 * absorb by ablation, and a rate of 0 would read as a good SAE.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import type { FirstLetterPrompts } from "../../text/first-letter/first-letter-prompts.ts"
import { finalHook, letterMargin } from "./letter-margin.ts"
import { wordOnwards } from "./word-onwards.ts"

/**
 * Mean change of the letter's margin, in units of the logits, when the word's activation becomes the mean over all words.
 *
 * @param hook of one vector a position
 * @param x activations of the hook at the word, [words, d]
 * @param asked which words
 */
export const wordEffect = (
  model: RunnableModel,
  prompts: FirstLetterPrompts,
  hook: string,
  x: Float32Array,
  asked: ReadonlyArray<number>,
  batch = 32
): number => {
  const words = prompts.words.length
  const d = x.length / words
  const mean = new Float32Array(d)
  for (let at = 0; at < x.length; at++) mean[at % d]! += x[at]! / words
  const margin = letterMargin(model, prompts.answerIds)
  let change = 0
  for (let first = 0; first < asked.length; first += batch) {
    const some = asked.slice(first, first + batch)
    const letters = some.map((n) => prompts.letters[n]!)
    const onwards = wordOnwards(model, prompts, some)
    const { time, word: wordPosition, after } = onwards
    tf.tidy(() => {
      const own = runModel(model, onwards.tokens(), { hooks: [hook, finalHook], ...after }).activations
      const at = own[hook] as tf.Tensor3D
      const swapped = tf.concat(
        [
          tf.slice(at, [0, 0, 0], [some.length, wordPosition, d]),
          tf.tile(tf.tensor3d(mean, [1, 1, d]), [some.length, 1, 1]),
          tf.slice(at, [0, wordPosition + 1, 0], [some.length, time - wordPosition - 1, d])
        ],
        1
      )
      const replaced = runModel(model, onwards.tokens(), {
        hooks: [finalHook],
        replace: { [hook]: swapped },
        ...after
      }).activations
      const sum = (final: tf.Tensor) => margin.sum(final, letters).dataSync()[0] as number
      change += sum(replaced[finalHook]!) - sum(own[finalHook]!)
      tf.dispose([own, replaced])
    })
    onwards.dispose()
  }
  margin.dispose()
  return change / asked.length
}
