/**
 * Independent components of whitened rows: FastICA with the contrast log cosh, all components at once. Hyvarinen 1999,
 * "Fast and Robust Fixed-Point Algorithms for Independent Component Analysis"; the baseline of Cunningham et al. 2023.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Rng from "../random/rng.ts"
import { symmetricEigen } from "./symmetric-eigen.ts"

/** (W W^T)^(-1/2) W: the nearest orthogonal matrix. In f64, [n, n]. */
const orthogonal = (W: Float64Array, n: number): Float64Array => {
  const gram = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let k = 0; k < n; k++) sum += (W[i * n + k] as number) * (W[j * n + k] as number)
      gram[i * n + j] = sum
      gram[j * n + i] = sum
    }
  }
  const { values, vectors } = symmetricEigen(gram, n)
  // sum_e v_e (v_e . W) / sqrt(value_e)
  const result = new Float64Array(n * n)
  for (let e = 0; e < n; e++) {
    const v = vectors.subarray(e * n, (e + 1) * n)
    const projected = new Float64Array(n)
    for (let i = 0; i < n; i++)
      for (let k = 0; k < n; k++) projected[k] = (projected[k] as number) + (v[i] as number) * (W[i * n + k] as number)
    const factor = 1 / Math.sqrt(values[e] as number)
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n; k++)
        result[i * n + k] = (result[i * n + k] as number) + factor * (v[i] as number) * (projected[k] as number)
    }
  }
  return result
}

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
  let W = orthogonal(
    Float64Array.from({ length: n * n }, () => rng.normal()),
    n
  )
  let change = Number.POSITIVE_INFINITY
  let iterations = 0
  while (iterations < maxIterations && change > tolerance) {
    // w <- E[x tanh(w . x)] - E[1 - tanh^2(w . x)] w
    const current = tf.tensor2d(Float32Array.from(W), [n, n])
    const { moved, slope } = tf.tidy(() => {
      const g = tf.tanh<tf.Tensor2D>(tf.matMul(whitened, current, false, true))
      return { moved: tf.div(tf.matMul(g, whitened, true, false), rows), slope: tf.mean(tf.sub(1, tf.square(g)), 0) }
    })
    const [first, second] = [moved.dataSync<"float32">(), slope.dataSync<"float32">()]
    tf.dispose([current, moved, slope])
    const next = orthogonal(
      Float64Array.from(first, (x, i) => x - (second[Math.floor(i / n)] as number) * (W[i] as number)),
      n
    )
    change = 0
    for (let i = 0; i < n; i++) {
      let cosine = 0
      for (let k = 0; k < n; k++) cosine += (W[i * n + k] as number) * (next[i * n + k] as number)
      change = Math.max(change, 1 - Math.abs(cosine))
    }
    W = next
    iterations += 1
  }
  return { directions: W, iterations, change }
}
