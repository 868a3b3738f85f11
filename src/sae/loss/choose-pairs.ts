/**
 * The pairs of architectures that choose the largest z = input W_enc + b_enc (times a weight, where decoder rows differ in
 * norm), of each row or of the whole batch.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type ActivePairs, choiceWeights, encodedPairs } from "./active-pass.ts"
import type { Batch } from "../architecture.ts"
import type { Choice } from "../../tensor/kernels/select-pairs.ts"
import type { ChoiceOptions } from "../settings/choice-options.ts"
import { latentsChosen } from "../settings/schedules.ts"

/** @param absolute whether the largest in magnitude are chosen */
export const choosePairs = (
  batch: Batch<Pick<ChoiceOptions, "k" | "k_anneal">>,
  input: tf.Tensor2D,
  from: "rows" | "batch",
  absolute = false
): ActivePairs => {
  const [rows, d_in] = input.shape
  const k = latentsChosen(batch.options, batch.step, d_in)
  return weighedPairs(batch, input, { from, count: from === "rows" ? k : k * rows }, choiceWeights(batch), absolute)
}

/** Latents are chosen by their values times these weights, and are divided by them again. */
export const weighedPairs = (
  batch: Pick<Batch, "options" | "W_enc" | "b_enc">,
  input: tf.Tensor2D,
  choice: Choice,
  weights: Float32Array | undefined,
  absolute: boolean
): ActivePairs => {
  if (weights === undefined) return encodedPairs(batch, input, batch.W_enc, batch.b_enc, choice, absolute)
  const [W_enc, b_enc] = tf.tidy(() => {
    const times = tf.tensor1d(weights)
    return [tf.mul<tf.Tensor2D>(batch.W_enc, tf.expandDims(times, 1)), tf.mul<tf.Tensor1D>(batch.b_enc, times)] as const
  })
  const { pattern, z, candidates } = encodedPairs(batch, input, W_enc, b_enc, choice, absolute)
  tf.dispose([W_enc, b_enc])
  return { pattern, z: z.map((value, i) => value / (weights[pattern.latent[i] as number] as number)), candidates }
}
