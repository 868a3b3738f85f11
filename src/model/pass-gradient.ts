/**
 * The gradient of a number made of a pass's results with respect to the activation at a hook: what attribution and integrated
 * gradients need. tfjs differentiates the pass from that hook on; weights get no gradients.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type ModelBody, type PassOptions, runModel, type RunResult, type TokenBatch } from "./run-model.ts"

export interface PassGradientOptions {
  readonly hook: string
  /** What the pass gives: activations at hooks after `hook`, logits. What is not asked for is not computed. */
  readonly wants: Pick<PassOptions, "hooks" | "logits">
  /** The number, from what the pass gives: made of tfjs operations, without reading values. Called in a tidy. */
  readonly scalar: (result: RunResult) => tf.Scalar
  /** Where the gradient is taken; not disposed. @default the model's own activation at the hook */
  readonly at?: tf.Tensor
  /** Further replacements, at other hooks. */
  readonly replace?: PassOptions["replace"]
  /** What the tokens come after: it has no gradient. */
  readonly prefix?: PassOptions["prefix"]
}

export interface PassGradient {
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
export const passGradient = (
  model: ModelBody,
  tokens: TokenBatch,
  { hook, wants, scalar, at, replace = {}, prefix }: PassGradientOptions
): PassGradient => {
  const after = prefix && { prefix }
  const activation =
    at === undefined
      ? (runModel(model, tokens, { hooks: [hook], replace, ...after }).activations[hook] as tf.Tensor)
      : tf.keep(tf.clone(at))
  // Kept by the pass that makes them, so no tidy frees them.
  const pending: Array<tf.Tensor> = []
  try {
    const { value, grad } = tf.tidy(() => {
      const result = tf.valueAndGrad((x: tf.Tensor) => {
        const made = runModel(model, tokens, { ...wants, ...after, replace: { ...replace, [hook]: x } })
        pending.push(...Object.values(made.activations), ...(made.logits === undefined ? [] : [made.logits]))
        const number = scalar(made)
        if (number.size !== 1 || number.rank !== 0) {
          throw new RangeError(`a scalar is wanted, not [${number.shape.join(", ")}]`)
        }
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
