/**
 * Activation patching (Meng et al. 2022; Wang et al. 2022): in the corrupted prompt the activation of one hook at one position is
 * replaced by that of the clean prompt; how much of the clean answer comes back says what that place carries.
 * Attribution patching (Nanda, "Attribution patching", 2023; Syed et al. 2023) estimates it to first order, from one gradient for all
 * places: (clean activation - corrupted one) . the gradient at the corrupted one.
 */
import * as tf from "@tensorflow/tfjs-core"
import { logitGradient } from "../../model/logit-gradient.ts"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import { lastLogits, logitDifferences, type PromptBatch } from "./prompt-batch.ts"

/** [batch, time, 1, ...]: 1 at one position. Call in a tidy. */
const atPosition = (position: number, shape: ReadonlyArray<number>): tf.Tensor =>
  tf.reshape(tf.oneHot(tf.tensor1d([position], "int32"), shape[1]!), [1, shape[1]!, ...shape.slice(2).map(() => 1)])

const activationOf = (
  model: RunnableModel,
  batch: PromptBatch,
  which: "clean" | "corrupted",
  hook: string
): tf.Tensor => runModel(model, batch[which], { hooks: [hook] }).activations[hook]!

/**
 * Synchronous.
 *
 * @param from of which pair each pair takes the clean activation: itself, or another one as a control
 * @returns the logit difference of each pair: [position][pair]
 */
export const patchedDifferences = (
  model: RunnableModel,
  batch: PromptBatch,
  hook: string,
  positions: ReadonlyArray<number>,
  from?: ReadonlyArray<number>
): ReadonlyArray<ReadonlyArray<number>> => {
  const clean = activationOf(model, batch, "clean", hook)
  const corrupted = activationOf(model, batch, "corrupted", hook)
  const found = positions.map((position) => {
    const differences: Array<number> = []
    tf.tidy(() => {
      const given = from === undefined ? clean : tf.gather(clean, tf.tensor1d([...from], "int32"))
      const mask = atPosition(position, clean.shape)
      const there = tf.add(tf.mul(given, mask), tf.mul(corrupted, tf.sub(1, mask)))
      differences.push(...logitDifferences(lastLogits(model, batch.corrupted, { [hook]: there }), batch))
    })
    return differences
  })
  tf.dispose([clean, corrupted])
  return found
}

/** Synchronous. @returns the estimated change of the logit difference of each pair: [position][pair] */
export const attributedChanges = (
  model: RunnableModel,
  batch: PromptBatch,
  hook: string
): ReadonlyArray<ReadonlyArray<number>> => {
  const { batch: pairs, time } = batch.corrupted
  const clean = activationOf(model, batch, "clean", hook)
  const scalar = (logits: tf.Tensor3D): tf.Scalar => {
    const vocabulary = logits.shape[2]
    const last = tf.reshape(tf.slice(logits, [0, time - 1, 0], [pairs, 1, vocabulary]), [pairs, vocabulary])
    const wanted = tf.sub(
      tf.oneHot(tf.tensor1d(batch.correct, "int32"), vocabulary),
      tf.oneHot(tf.tensor1d(batch.wrong, "int32"), vocabulary)
    )
    return tf.sum(tf.mul(last, wanted))
  }
  // Each pair's difference depends on its own text alone: the gradient of their sum has each one's own.
  const { gradient, activation } = logitGradient(model, batch.corrupted, { hook, scalar })
  const values = tf.tidy(() => {
    const product = tf.mul(tf.sub(clean, activation), gradient)
    return tf
      .sum(tf.reshape(product, [pairs, time, -1]), 2)
      .dataSync<"float32">()
      .slice()
  })
  tf.dispose([clean, gradient, activation])
  return Array.from({ length: time }, (_, p) => Array.from({ length: pairs }, (_unused, n) => values[n * time + p]!))
}
