/** The gradient of a number made of the logits with respect to the activation at a hook. */
import type * as tf from "@tensorflow/tfjs-core"
import { type PassGradient, passGradient, type PassGradientOptions } from "./pass-gradient.ts"
import type { TokenBatch } from "./run-model.ts"
import type { RunnableModel } from "./runnable-model.ts"

export interface LogitGradientOptions extends Pick<PassGradientOptions, "hook" | "at" | "replace"> {
  /**
   * The number, from the logits [batch, time, vocabulary]: made of tfjs operations, without reading values. Called in a
   * tidy.
   */
  readonly scalar: (logits: tf.Tensor3D) => tf.Scalar
}

/**
 * Synchronous. The result's tensors belong to the caller.
 *
 * @throws RangeError as `runModel` does, and where `scalar` gives no scalar
 */
export const logitGradient = (
  model: RunnableModel,
  tokens: TokenBatch,
  { scalar, ...options }: LogitGradientOptions
): PassGradient =>
  passGradient(model, tokens, {
    ...options,
    wants: { logits: true },
    scalar: ({ logits }) => scalar(logits as tf.Tensor3D)
  })
