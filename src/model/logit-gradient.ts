/**
 * The gradient of a number made of the logits with respect to the activation at a hook: what attribution and integrated
 * gradients need. tfjs differentiates the pass from that hook on; weights get no gradients.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { RunnableModel } from "./runnable-model.ts"
import { type PassOptions, runModel, type TokenBatch } from "./run-model.ts"

export interface LogitGradientOptions {
  readonly hook: string
  /**
   * The number, from the logits [batch, time, vocabulary]: made of tfjs operations, without reading values. Called in a
   * tidy.
   */
  readonly scalar: (logits: tf.Tensor3D) => tf.Scalar
  /** Where the gradient is taken; not disposed. @default the model's own activation at the hook */
  readonly at?: tf.Tensor
  /** Further replacements, at other hooks. */
  readonly replace?: PassOptions["replace"]
}

export interface LogitGradient {
  readonly value: number
  /** Of the shape of the hook's activation. */
  readonly gradient: tf.Tensor
  /** Where it was taken. */
  readonly activation: tf.Tensor
}

/**
 * Synchronous. The result's tensors belong to the caller.
 *
 * @throws RangeError as `runModel` does, and where `scalar` gives no scalar
 */
export const logitGradient = (
  model: RunnableModel,
  tokens: TokenBatch,
  { hook, scalar, at, replace = {} }: LogitGradientOptions
): LogitGradient => {
  const activation =
    at === undefined
      ? (runModel(model, tokens, { hooks: [hook], replace }).activations[hook] as tf.Tensor)
      : tf.keep(tf.clone(at))
  // Kept by the pass that makes them, so no tidy frees them.
  const pending: Array<tf.Tensor> = []
  try {
    const { value, grad } = tf.tidy(() => {
      const result = tf.valueAndGrad((x: tf.Tensor) => {
        const { logits } = runModel(model, tokens, { logits: true, replace: { ...replace, [hook]: x } })
        const number = scalar(logits as tf.Tensor3D)
        if (number.size !== 1 || number.rank !== 0) {
          throw new RangeError(`a scalar is wanted, not [${number.shape.join(", ")}]`)
        }
        pending.push(logits as tf.Tensor3D)
        return number
      })(activation)
      return { value: result.value.dataSync()[0] as number, grad: tf.keep(result.grad) }
    })
    return { value, gradient: grad, activation }
  } catch (error) {
    activation.dispose()
    throw error
  } finally {
    tf.dispose(pending)
  }
}
