/**
 * How much of the model's answer still depends on the word's activation at a hook. Later layers have moved the letter to the
 * positions behind the word (Chanin et al. 2409.14507 therefore look at layers 0 to 17 of 26): there no latent can be seen to
 * absorb by ablation, and a rate of 0 would read as a good SAE.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import { type KeptParts, noParts } from "../../stage/kept-parts.ts"
import type { FirstLetterPrompts } from "../../text/first-letter/first-letter-prompts.ts"
import { finalHook, letterMargin } from "./letter-margin.ts"
import { wordOnwards } from "./word-onwards.ts"

/**
 * Mean change of the letter's margin, in units of the logits, when the word's activation becomes the mean over all words.
 *
 * @param hook of one vector a position
 * @param x activations of the hook at the word, [words, d]
 * @param asked which words
 * @param kept where batches that are done are kept
 */
export const wordEffect = Effect.fnUntraced(function* (
  model: RunnableModel,
  prompts: FirstLetterPrompts,
  hook: string,
  x: Float32Array,
  asked: ReadonlyArray<number>,
  kept: KeptParts = noParts,
  batch = 32
) {
  const words = prompts.words.length
  const d = x.length / words
  const mean = new Float32Array(d)
  for (let at = 0; at < x.length; at++) mean[at % d]! += x[at]! / words
  let change = 0
  for (let first = 0; first < asked.length; first += batch) {
    const some = asked.slice(first, first + batch)
    const { json } = yield* kept.part(
      `effect of words at ${hook} from ${first}`,
      Schema.Finite,
      Effect.sync(() => ({ json: changeOf(model, prompts, hook, mean, some), tensors: {} }))
    )
    change += json
  }
  return change / asked.length
})

/** Summed over the words. @param mean what becomes of each word's activation */
const changeOf = (
  model: RunnableModel,
  prompts: FirstLetterPrompts,
  hook: string,
  mean: Float32Array,
  some: ReadonlyArray<number>
): number => {
  const letters = some.map((n) => prompts.letters[n]!)
  const d = mean.length
  const margin = letterMargin(model, prompts.answerIds)
  const onwards = wordOnwards(model, prompts, some)
  const { time, word: wordPosition, after } = onwards
  const change = tf.tidy(() => {
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
    const between = sum(replaced[finalHook]!) - sum(own[finalHook]!)
    tf.dispose([own, replaced])
    return between
  })
  onwards.dispose()
  margin.dispose()
  return change
}
