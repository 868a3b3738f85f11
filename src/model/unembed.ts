/** Logits from the final normalised residual stream. */
import * as tf from "@tensorflow/tfjs-core"
import { softCap } from "./blocks/soft-cap.ts"
import type { RunnableModel } from "./runnable-model.ts"

/**
 * @param normalized [n, d_model]: values of `ln_final.hook_normalized`
 * @returns [n, vocabulary]
 */
export const unembed = (model: Pick<RunnableModel, "weights" | "logitCap">, normalized: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => softCap(tf.matMul<tf.Tensor2D>(normalized, model.weights.unembedding, false, true), model.logitCap))
