/**
 * GELU in GPT-2's tanh form (Hendrycks and Gimpel 2016), with its gradient.
 *
 * 0.5 x (1 + tanh(u)) = x sigmoid(2u) with u = sqrt(2/pi) (x + 0.044715 x^3): one transcendental, few passes.
 */
import * as tf from "@tensorflow/tfjs-core"

const linear = 2 * Math.sqrt(2 / Math.PI)
const cubic = linear * 0.044715

export const geluForward = (x: tf.Tensor2D): { readonly y: tf.Tensor2D; readonly gate: tf.Tensor2D } => {
  const inner = tf.mul(x, tf.add(tf.mul(tf.square(x), cubic), linear))
  const gate = tf.sigmoid(inner) as tf.Tensor2D
  return { y: tf.mul(x, gate) as tf.Tensor2D, gate }
}

/** d/dx [x s(v)] = s + x s (1 - s) v', with v' = linear + 3 cubic x^2. */
export const geluBackward = (dy: tf.Tensor2D, x: tf.Tensor2D, gate: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D => {
  const slope = tf.add(tf.mul(tf.square(x), 3 * cubic), linear)
  const curved = tf.mul(tf.mul(y, tf.sub(1, gate)), slope)
  return tf.mul(dy, tf.add(gate, curved)) as tf.Tensor2D
}
