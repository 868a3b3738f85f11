/**
 * The answer that ablations are measured by (Chanin et al. 2409.14507): the logit of the right capital less the mean of the logits
 * of the other 25, at a prompt's last position.
 */
import * as tf from "@tensorflow/tfjs-core"
import { rowsOf } from "../../model/blocks/matrix-rows.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import { unembed } from "../../model/unembed.ts"

/** Only the last position is unembedded: logits of whole prompts would be most of the work. */
export const finalHook = "ln_final.hook_normalized"

export interface LetterMargin {
  /** Summed over the contexts. @param final activation of `finalHook`, [contexts, time, d_model] */
  readonly sum: (final: tf.Tensor, letters: ReadonlyArray<number>) => tf.Scalar
  readonly dispose: () => void
}

/** @param answerIds token ids of " A" to " Z" */
export const letterMargin = (model: RunnableModel, answerIds: Int32Array): LetterMargin => {
  const unembedding = rowsOf(model.weights.unembedding, answerIds)
  const head = { ...model, weights: { ...model.weights, unembedding } }
  const count = answerIds.length
  return {
    sum: (final, letters) => {
      const [contexts, time] = final.shape as [number, number]
      const last = tf.reshape<tf.Rank.R2>(tf.slice(final, [0, time - 1, 0], [contexts, 1, -1]), [contexts, -1])
      const signs = new Float32Array(contexts * count).fill(-1 / (count - 1))
      for (const [n, letter] of letters.entries()) signs[n * count + letter] = 1
      return tf.sum(tf.mul(unembed(head, last), tf.tensor2d(signs, [contexts, count])))
    },
    dispose: () => unembedding.dispose()
  }
}
