/**
 * Causal multi-head attention (Vaswani et al. 2017): gives each head's mixture of values (`hook_z`), before the output
 * projection.
 */
import * as tf from "@tensorflow/tfjs-core"

/** Far below any score; its exponential is exactly 0 in f32, and unlike -infinity it never makes a NaN. */
const forbidden = -1e9

/** [time, time]: 0 where a query may look, `forbidden` to its right. */
export const causalMask = (time: number): tf.Tensor2D => {
  const mask = new Float32Array(time * time)
  for (let i = 0; i < time; i++) mask.fill(forbidden, i * time + i + 1, (i + 1) * time)
  return tf.tensor2d(mask, [time, time])
}

/**
 * @param qkv [batch, time, 3 * heads * d_head]: queries, keys and values side by side
 * @param scale what scores are multiplied with, usually 1 / sqrt(d_head)
 * @returns [batch, time, heads, d_head]
 */
export const causalAttention = (qkv: tf.Tensor, heads: number, scale: number, mask: tf.Tensor2D): tf.Tensor4D => {
  const [batch, time, columns] = qkv.shape as [number, number, number]
  const dHead = columns / 3 / heads
  const parts = tf.transpose(tf.reshape(qkv, [batch, time, 3, heads, dHead]), [2, 0, 3, 1, 4])
  const part = (i: number): tf.Tensor4D =>
    tf.reshape(tf.slice(parts, [i, 0, 0, 0, 0], [1, batch, heads, time, dHead]), [batch, heads, time, dHead])
  const scores = tf.add(tf.matMul(tf.mul(part(0), scale), part(1), false, true), mask)
  const z = tf.matMul(tf.softmax(scores), part(2)) as tf.Tensor4D
  return tf.transpose(z, [0, 2, 1, 3])
}
