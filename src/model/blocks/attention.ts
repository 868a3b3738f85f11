/**
 * Attention (Vaswani et al. 2017), causal or both ways, with fewer key and value heads than query heads where several queries share one
 * (Ainslie et al. 2023): patterns, and each head's mixture of values (`hook_z`), before the output projection.
 */
import * as tf from "@tensorflow/tfjs-core"
import { causalSoftmax, modelKernelsApply } from "../../tensor/kernels/model-kernels.ts"
import { byHead } from "./heads.ts"
import { softCap } from "./soft-cap.ts"

/** Far below any score; its exponential is exactly 0 in f32, and unlike -infinity it never makes a NaN. */
const forbidden = -1e9

/** Where queries may look. */
export interface Sight {
  /** Keys that a query sees, its own the last; undefined: it looks to its right, too. */
  readonly window: number | undefined
  /** [time, time]: 0 where a query may look, `forbidden` elsewhere. */
  readonly mask: tf.Tensor2D
}

export const causalSight = (time: number, window = time): Sight => {
  const mask = new Float32Array(time * time)
  for (let i = 0; i < time; i++) {
    mask.fill(forbidden, i * time + i + 1, (i + 1) * time)
    mask.fill(forbidden, i * time, i * time + Math.max(0, i - window + 1))
  }
  return { window, mask: tf.tensor2d(mask, [time, time]) }
}

/** Both ways: keys less than `reach` positions away. */
export const openSight = (time: number, reach = time): Sight => {
  const mask = Float32Array.from({ length: time * time }, (_, at) =>
    Math.abs(Math.floor(at / time) - (at % time)) < reach ? 0 : forbidden
  )
  return { window: undefined, mask: tf.tensor2d(mask, [time, time]) }
}

/**
 * @param query [batch, heads, time, d_head]
 * @param key [batch, key_value_heads, time, d_head]
 * @param scale what scores are multiplied with, usually 1 / sqrt(d_head)
 * @param sinks [heads]: the score of a key that is never there (Xiao et al. 2023, as GPT-OSS learns it)
 * @returns [batch, heads, query time, key time], rows summing to 1, or to what the sink leaves
 */
export const attentionPattern = (
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  scale: number,
  cap: number | undefined,
  { window, mask }: Sight,
  sinks?: tf.Tensor1D
): tf.Tensor4D => {
  const [batch, heads, time, d_head] = query.shape
  const shared = key.shape[1]
  // The queries of a shared key lie one after the other, as one taller matrix.
  const tall = tf.reshape(query, [batch, shared, (heads / shared) * time, d_head])
  const scores = tf.reshape<tf.Rank.R4>(tf.matMul(tall, key, false, true), [batch, heads, time, time])
  if (sinks === undefined && window !== undefined && modelKernelsApply())
    return causalSoftmax(scores, { scale, cap, window })
  const scaled = scale === 1 ? scores : tf.mul(scores, scale)
  const seen = tf.add<tf.Tensor4D>(softCap(scaled, cap), mask)
  if (sinks === undefined) return tf.softmax(seen)
  const sink = tf.tile(tf.reshape(sinks, [1, heads, 1, 1]), [batch, 1, time, 1])
  const shares = tf.softmax(tf.concat([seen, sink], 3)) as tf.Tensor4D
  return tf.slice(shares, [0, 0, 0, 0], [batch, heads, time, time])
}

/**
 * @param pattern [batch, heads, time, time]
 * @param value [batch, key_value_heads, time, d_head]
 * @returns [batch, time, heads, d_head]
 */
export const mixValues = (pattern: tf.Tensor4D, value: tf.Tensor4D): tf.Tensor4D => {
  const [batch, heads, time] = pattern.shape
  const [, shared, , d_head] = value.shape
  const tall = tf.reshape(pattern, [batch, shared, (heads / shared) * time, time])
  // Heads and time change places again.
  return byHead(tf.reshape<tf.Rank.R4>(tf.matMul(tall, value), [batch, heads, time, d_head]))
}
