/** How strongly targets in the linear part read each source: one pass back for many targets, each in a copy of the prompt. */
import * as tf from "@tensorflow/tfjs-core"
import type { FrozenPass } from "./frozen-pass.ts"

/** A number read from a hook: the product of a direction and the activation at one position. */
export interface LinearTarget {
  readonly position: number
  /** [width of the hook] */
  readonly direction: Float32Array
}

/** Of each source's activations, [targets, time, d_model]. */
export interface LinearGradients {
  readonly embedding: Float32Array
  /** By layer, those before the hook. */
  readonly mlps: ReadonlyArray<Float32Array>
}

/**
 * Synchronous.
 *
 * @param hook that the targets read
 * @param layers MLPs that come before it: the first ones
 */
export const linearGradients = (
  pass: FrozenPass,
  hook: string,
  layers: number,
  targets: ReadonlyArray<LinearTarget>,
  d_model: number
): LinearGradients => {
  const [batch, { time }] = [targets.length, pass]
  const width = targets[0]?.direction.length ?? 0
  const directions = new Float32Array(batch * time * width)
  for (const [b, { position, direction }] of targets.entries()) directions.set(direction, (b * time + position) * width)
  // Kept by the pass that makes them, so no tidy frees them.
  const pending: Array<tf.Tensor> = []
  try {
    return tf.tidy(() => {
      const wanted = tf.tensor(directions, [batch, time, width])
      const zeros = Array.from({ length: layers + 1 }, () => tf.zeros([batch, time, d_model]))
      const scalar = (embedding: tf.Tensor, ...mlps: ReadonlyArray<tf.Tensor>): tf.Scalar => {
        const read = pass.run({ embedding, mlps }, hook)
        pending.push(read)
        return tf.sum(tf.mul(read, wanted))
      }
      // The pass is linear, so its slope is the same everywhere: at zero, too.
      const [embedding, ...mlps] = tf
        .grads(scalar)(zeros)
        .map((gradient) => gradient.dataSync<"float32">().slice())
      return { embedding: embedding as Float32Array, mlps }
    })
  } finally {
    tf.dispose(pending)
  }
}
