/**
 * What stands between the matrix products of a language model's forward pass, by operations of our own (model-*.cc).
 * They have no gradients: the blocks compose the same from tfjs's operations where one is wanted, and on other engines.
 */
import * as tf from "@tensorflow/tfjs-core"
import { compiledOpsLoaded, floatProducts } from "../tensorflow/compiled-ops.ts"
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

export interface ScoreRules {
  /** What scores are multiplied with, usually 1 / sqrt(d_head). */
  readonly scale: number
  /** Scores x become cap * tanh(x / cap). */
  readonly cap?: number | undefined
  /** [heads]: the score of a key that is never there (Xiao et al. 2023, as GPT-OSS learns it). */
  readonly sinks?: tf.Tensor1D | undefined
}

const attentionOp = (
  name: "ModelAttend" | "ModelScores",
  { scale, cap, sinks }: ScoreRules,
  window: number,
  [query, key, ...value]: ReadonlyArray<tf.Tensor4D>
): tf.Tensor4D =>
  tf.tidy(() => {
    const attributes = [
      intAttribute("by", floatProducts()),
      floatAttribute("scale", scale),
      floatAttribute("cap", cap ?? 0),
      intAttribute("window", window)
    ]
    return executeSingle(name, attributes, [query!, key!, sinks ?? none(), ...value]) as tf.Tensor4D
  })

/**
 * Causal attention, whose patterns are nowhere whole in memory; the bits of `mixByPattern` of `causalPattern`.
 *
 * @param query [batch, heads, queries, d_head]: the last ones of the keys
 * @param key [batch, key_value_heads, keys, d_head]
 * @param value [batch, key_value_heads, keys, d_head]
 * @param window keys that a query sees, its own the last
 * @returns [batch, queries, heads, d_head]
 */
export const attendAtOnce = (
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  rules: ScoreRules,
  window: number
): tf.Tensor4D => attentionOp("ModelAttend", rules, window, [query, key, value])

/** [batch, heads, queries, keys]; see `attendAtOnce`. */
export const causalPattern = (query: tf.Tensor4D, key: tf.Tensor4D, rules: ScoreRules, window: number): tf.Tensor4D =>
  attentionOp("ModelScores", rules, window, [query, key])

/** Any pattern [batch, heads, queries, keys] with values [batch, key_value_heads, keys, d_head]: [batch, queries, heads, d_head]. */
export const mixByPattern = (pattern: tf.Tensor4D, value: tf.Tensor4D): tf.Tensor4D =>
  executeSingle("ModelMix", [intAttribute("by", floatProducts())], [pattern, value]) as tf.Tensor4D
