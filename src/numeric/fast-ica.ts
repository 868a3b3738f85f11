/**
 * Independent components of whitened rows: FastICA with the contrast log cosh, all components at once. Hyvarinen 1999,
 * "Fast and Robust Fixed-Point Algorithms for Independent Component Analysis"; the baseline of Cunningham et al. 2023.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Rng from "../random/rng.ts"
import { nearestOrthogonal } from "./nearest-orthogonal.ts"

export interface IndependentComponents {
  /** Orthogonal, row i the direction of component i in the whitened space: [n, n]. */
  readonly directions: Float64Array
  readonly iterations: number
  /** 1 - |cosine| between the last two estimates, of the component that moved most. */
  readonly change: number
}

/**
 * @param whitened rows of mean zero and unit covariance, [rows, n]
 * @param tolerance stops when no component moves more
 */
export const fastIca = (
  whitened: tf.Tensor2D,
  seed: number,
  maxIterations = 200,
  tolerance = 1e-4
): IndependentComponents => {
  const [rows, n] = whitened.shape
  const rng = Rng.make(seed, "independent components")
  const orthogonal = (W: Float32Array): Float32Array => {
    const found = tf.tidy(() => nearestOrthogonal(tf.tensor2d(W, [n, n])))
    const values = found.dataSync<"float32">().slice()
    found.dispose()
    return values
  }
  let W = orthogonal(Float32Array.from({ length: n * n }, () => rng.normal()))
  let change = Number.POSITIVE_INFINITY
  let iterations = 0
  while (iterations < maxIterations && change > tolerance) {
    // w <- E[x tanh(w . x)] - E[1 - tanh^2(w . x)] w
    const updated = tf.tidy(() => {
      const current = tf.tensor2d(W, [n, n])
      const g = tf.tanh<tf.Tensor2D>(tf.matMul(whitened, current, false, true))
      const moved = tf.div<tf.Tensor2D>(tf.matMul(g, whitened, true, false), rows)
      const slope = tf.reshape(tf.mean(tf.sub(1, tf.square(g)), 0), [n, 1])
      return tf.sub<tf.Tensor2D>(moved, tf.mul(slope, current))
    })
    const next = orthogonal(updated.dataSync<"float32">())
    updated.dispose()
    change = 0
    for (let i = 0; i < n; i++) {
      let cosine = 0
      for (let k = 0; k < n; k++) cosine += W[i * n + k]! * next[i * n + k]!
      change = Math.max(change, 1 - Math.abs(cosine))
    }
    W = next
    iterations += 1
  }
  return { directions: Float64Array.from(W), iterations, change }
}
