/**
 * What stands between the matrix products of a language model's forward pass, by operations of our own (model-ops.cc).
 * They have no gradients: the blocks compose the same from tfjs's operations where one is wanted, and on other engines.
 */
import * as tf from "@tensorflow/tfjs-core"
import { compiledOpsLoaded } from "../tensorflow/compiled-ops.ts"
import { boolAttribute, executeSingle, floatAttribute, intAttribute } from "../tensorflow/tensorflow-ops.ts"

/** Whether they can be used here and now. */
export const modelKernelsApply = (): boolean => compiledOpsLoaded() && tf.engine().state.gradientDepth === 0

const none = (): tf.Tensor => tf.tensor1d([], "float32")

/** Every row of x minus its mean (where `centre`), over the root of its mean square and epsilon, times weight, plus bias. */
export const normalizeRows = (
  x: tf.Tensor,
  weight: tf.Tensor1D,
  bias: tf.Tensor1D | undefined,
  { epsilon, centre }: { readonly epsilon: number; readonly centre: boolean }
): tf.Tensor =>
  tf.tidy(() =>
    executeSingle(
      "ModelNorm",
      [floatAttribute("epsilon", epsilon), boolAttribute("centre", centre)],
      [x, weight, bias ?? none()]
    )
  )

const functions = { gelu_tanh: 0, gelu: 1, silu: 2 } as const
export type CompiledFunction = keyof typeof functions

/** function(x + bias) * factor. x [..., n], bias [n], factor of the shape of x. */
export const activate = (
  name: CompiledFunction,
  x: tf.Tensor,
  bias: tf.Tensor1D | undefined,
  factor: tf.Tensor | undefined
): tf.Tensor =>
  tf.tidy(() =>
    executeSingle("ModelActivate", [intAttribute("function", functions[name])], [x, bias ?? none(), factor ?? none()])
  )

/** Which of a tensor's heads; all that the bias [heads * d_head] is of are there. */
export interface HeadRange {
  readonly from: number
  readonly count: number
  readonly bias: tf.Tensor1D | undefined
}

/**
 * @param x [batch, time, heads, d_head]
 * @param rotary cosines and sines, [time, dims / 2]
 * @returns [batch, count, time, d_head]
 */
export const turnedHeads = (
  x: tf.Tensor4D,
  { from, count, bias }: HeadRange,
  rotary: { readonly cos: tf.Tensor2D; readonly sin: tf.Tensor2D } | undefined
): tf.Tensor4D =>
  tf.tidy(() => {
    const { cos, sin } = rotary ?? { cos: tf.zeros([0, 0]), sin: tf.zeros([0, 0]) }
    const attributes = [intAttribute("from", from), intAttribute("count", count)]
    return executeSingle("ModelHeads", attributes, [x, bias ?? none(), cos, sin]) as tf.Tensor4D
  })

/**
 * @param scores [batch, heads, queries, keys]: the queries are the last of the keys
 * @param window keys that a query sees, its own the last
 */
export const causalSoftmax = (
  scores: tf.Tensor4D,
  { scale, cap, window }: { readonly scale: number; readonly cap: number | undefined; readonly window: number }
): tf.Tensor4D =>
  executeSingle(
    "ModelPattern",
    [floatAttribute("scale", scale), floatAttribute("cap", cap ?? 0), intAttribute("window", window)],
    [scores]
  ) as tf.Tensor4D
