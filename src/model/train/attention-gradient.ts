/** Causal multi-head attention from a fused query/key/value projection, with its gradient (Vaswani et al. 2017). */
import * as tf from "@tensorflow/tfjs-core"

export interface AttentionShape {
  readonly batch: number
  readonly time: number
  readonly heads: number
  /** Width of one head. */
  readonly head: number
}

export interface AttentionTrace {
  /** Queries (already divided by sqrt(head)), keys and values, each [batch * heads, time, head]. */
  readonly q: tf.Tensor3D
  readonly k: tf.Tensor3D
  readonly v: tf.Tensor3D
  /** Attention pattern, [batch * heads, time, time]. */
  readonly pattern: tf.Tensor3D
}

/** [time, time]: 0 where a query may look, a large negative number where it may not. */
export const causalMask = (time: number): tf.Tensor2D => {
  const mask = new Float32Array(time * time)
  for (let i = 0; i < time; i++) for (let j = i + 1; j < time; j++) mask[i * time + j] = -1e9
  return tf.tensor2d(mask, [time, time])
}

/** qkv: [batch * time, 3 * heads * head]; gives the heads' outputs side by side, [batch * time, heads * head]. */
export const attentionForward = (
  qkv: tf.Tensor2D,
  { batch, time, heads, head }: AttentionShape,
  mask: tf.Tensor2D
): { readonly z: tf.Tensor2D; readonly trace: AttentionTrace } => {
  const parts = tf.transpose(tf.reshape(qkv, [batch, time, 3, heads, head]), [2, 0, 3, 1, 4])
  const part = (i: number): tf.Tensor3D =>
    tf.reshape(tf.slice(parts, [i, 0, 0, 0, 0], [1, batch, heads, time, head]), [batch * heads, time, head])
  const q = tf.mul(part(0), 1 / Math.sqrt(head)) as tf.Tensor3D
  const k = part(1)
  const v = part(2)
  const pattern = tf.softmax(tf.add(tf.matMul(q, k, false, true), mask)) as tf.Tensor3D
  const z = tf.matMul(pattern, v)
  const merged = tf.transpose(tf.reshape(z, [batch, heads, time, head]), [0, 2, 1, 3])
  return { z: tf.reshape(merged, [batch * time, heads * head]), trace: { q, k, v, pattern } }
}

/** Gradient of the loss by `qkv`, from its gradient by the output. */
export const attentionBackward = (
  dz: tf.Tensor2D,
  { batch, time, heads, head }: AttentionShape,
  { q, k, v, pattern }: AttentionTrace
): tf.Tensor2D => {
  const d = tf.reshape(tf.transpose(tf.reshape(dz, [batch, time, heads, head]), [0, 2, 1, 3]), [
    batch * heads,
    time,
    head
  ]) as tf.Tensor3D
  const dv = tf.matMul(pattern, d, true, false)
  const weighted = tf.mul(tf.matMul(d, v, false, true), pattern)
  const dScores = tf.sub(weighted, tf.mul(pattern, tf.sum(weighted, 2, true))) as tf.Tensor3D
  const dq = tf.mul(tf.matMul(dScores, k), 1 / Math.sqrt(head))
  const dk = tf.matMul(dScores, q, true, false)
  const all = tf.reshape(tf.stack([dq, dk, dv]), [3, batch, heads, time, head])
  return tf.reshape(tf.transpose(all, [1, 3, 0, 2, 4]), [batch * time, 3 * heads * head])
}
