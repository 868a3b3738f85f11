/** Runs a model on first-letter prompts: whether its best next token is the right capital, and what the word carries. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { timesRows } from "../../model/blocks/matrix-rows.ts"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import { floatTensors } from "../../stage/checkpoint.ts"
import { type KeptParts, noParts, type Part } from "../../stage/kept-parts.ts"
import type { FirstLetterPrompts } from "../../text/first-letter/first-letter-prompts.ts"
import { finalHook } from "./letter-margin.ts"

export interface FirstLetterAnswers {
  /** Per word: the token with the greatest logit of the whole vocabulary is the right capital. */
  readonly right: ReadonlyArray<boolean>
  /** Activation of the hook at the word asked about: [words, width], row-major. */
  readonly x: Float32Array<ArrayBuffer>
}

const Right = Schema.Array(Schema.Boolean)

/**
 * @param hook a hook of one vector a position
 * @param onWords is told how many words are done
 * @param kept where batches that are done are kept
 */
export const firstLetterAnswers = Effect.fnUntraced(function* (
  model: RunnableModel,
  prompts: FirstLetterPrompts,
  hook: string,
  onWords: (done: number) => void = () => {},
  kept: KeptParts = noParts,
  batch = 32
) {
  const { words } = prompts
  const right: Array<boolean> = []
  let x = new Float32Array(0)
  for (let first = 0; first < words.length; first += batch) {
    const count = Math.min(batch, words.length - first)
    const { json, tensors } = yield* kept.part(
      `answers at ${hook} from word ${first}`,
      Right,
      Effect.sync(() => answersOf(model, prompts, hook, first, count))
    )
    const { rows } = floatTensors(tensors)
    if (rows === undefined) return yield* Effect.die(new Error("answers without the rows of their words"))
    if (first === 0) x = new Float32Array((rows.length / count) * words.length)
    x.set(rows, (rows.length / count) * first)
    right.push(...json)
    onWords(first + count)
  }
  const answers: FirstLetterAnswers = { right, x }
  return answers
})

/** Of `count` words, one pass. */
const answersOf = (
  model: RunnableModel,
  { ids: allIds, length, wordPosition, answerIds, letters }: FirstLetterPrompts,
  hook: string,
  first: number,
  count: number
): Part<ReadonlyArray<boolean>> => {
  const ids = allIds.slice(first * length, (first + count) * length)
  const taken = tf.tidy(() => {
    const { activations } = runModel(model, { ids, batch: count, time: length }, { hooks: [hook, finalHook] })
    const at = (name: string, position: number): tf.Tensor2D =>
      tf.reshape(tf.slice(activations[name]!, [0, position, 0], [count, 1, -1]), [count, -1])
    const rows = at(hook, wordPosition).dataSync<"float32">().slice()
    const best = tf.argMax(timesRows(at(finalHook, length - 1), model.weights.unembedding), 1).dataSync<"int32">()
    const right = Array.from(best, (token, n) => token === answerIds[letters[first + n]!])
    for (const activation of Object.values(activations)) activation.dispose()
    return { rows, right }
  })
  return { json: taken.right, tensors: { rows: taken.rows } }
}
