/** Queries, keys and values as attention takes them: heads first, each turned by its position. */
import * as tf from "@tensorflow/tfjs-core"
import { type HeadRange, modelKernelsApply, turnedHeads } from "../../tensor/kernels/model-kernels.ts"
import { rotate, type RotaryTables } from "./rotary.ts"

/**
 * @param projected [batch, time, heads, d_head], before the bias
 * @returns the heads of the range, [batch, time, count, d_head]
 */
export const headsOf = (projected: tf.Tensor4D, { from, count, bias }: HeadRange): tf.Tensor4D => {
  const [batch, time, heads, d_head] = projected.shape
  const part = tf.slice(projected, [0, 0, from, 0], [batch, time, count, d_head])
  return bias === undefined
    ? part
    : tf.add(part, tf.slice(tf.reshape(bias, [heads, d_head]), [from, 0], [count, d_head]))
}

/**
 * @param x [batch, time, heads, d_head]
 * @param rotary how each is turned by its position; undefined: not at all
 * @param range of heads; undefined: all of them as they are
 * @returns [batch, heads, time, d_head]
 */
export const byHead = (x: tf.Tensor4D, rotary?: RotaryTables, range?: HeadRange): tf.Tensor4D => {
  if (modelKernelsApply()) return turnedHeads(x, range ?? { from: 0, count: x.shape[2], bias: undefined }, rotary)
  const heads = tf.transpose(range === undefined ? x : headsOf(x, range), [0, 2, 1, 3])
  return rotary === undefined ? heads : rotate(heads, rotary)
}
