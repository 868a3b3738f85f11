/**
 * The pairs of architectures that choose the largest z = input W_enc + b_enc (times a weight, in crosscoders), of each row
 * or of the whole batch.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type ActivePairs, choiceWeights, encodedPairs } from "./active-pass.ts"
import type { Batch } from "../architecture.ts"
import type { ChoiceOptions } from "../settings/choice-options.ts"
import { latentsChosen } from "../settings/schedules.ts"

export const choosePairs = (batch: Batch<ChoiceOptions>, input: tf.Tensor2D, from: "rows" | "batch"): ActivePairs => {
  const [rows, d_in] = input.shape
  const k = latentsChosen(batch.options, batch.step, d_in)
  const choice = { from, count: from === "rows" ? k : k * rows }
  const weights = choiceWeights(batch)
  if (weights === undefined) return encodedPairs(batch, input, batch.W_enc, batch.b_enc, choice)
  // Latents are chosen by their values times these weights, and are divided by them again.
  const [W_enc, b_enc] = tf.tidy(() => {
    const times = tf.tensor1d(weights)
    return [tf.mul<tf.Tensor2D>(batch.W_enc, tf.expandDims(times, 1)), tf.mul<tf.Tensor1D>(batch.b_enc, times)] as const
  })
  const { pattern, z, candidates } = encodedPairs(batch, input, W_enc, b_enc, choice)
  tf.dispose([W_enc, b_enc])
  return { pattern, z: z.map((value, i) => value / (weights[pattern.latent[i] as number] as number)), candidates }
}
