/**
 * Random unit rows with the mean and the covariance of others: Gaussian but for their length. What a dictionary explains of them it
 * explains of any cloud of that shape, whether or not its rows are sums of common parts.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Rng from "../../random/rng.ts"
import { readFloats } from "../../tensor/read-tensor.ts"
import { unitRows } from "../decoder-cosine.ts"

/** Rows drawn at once. */
const block = 256

/**
 * Each is the mean of all plus sum_i g_i (w_i - mean) / sqrt(count), g_i standard normal: no matrix of d x d is decomposed.
 *
 * @param rows [count, d], row-major
 */
export const matchedRows = (rows: Float32Array, d: number, seed: number): Float32Array<ArrayBuffer> => {
  const count = rows.length / d
  const rng = Rng.make(seed, `${count} random rows of a covariance in ${d} dimensions`)
  const drawn = new Float32Array(count * d)
  const [mean, centred] = tf.tidy(() => {
    const all = tf.tensor2d(rows, [count, d])
    const middle = tf.mean<tf.Tensor1D>(all, 0)
    return [middle, tf.div<tf.Tensor2D>(tf.sub(all, middle), Math.sqrt(count))] as [tf.Tensor1D, tf.Tensor2D]
  })
  for (let first = 0; first < count; first += block) {
    const size = Math.min(block, count - first)
    const g = Float32Array.from({ length: size * count }, () => rng.normal())
    drawn.set(
      readFloats(() => tf.add(tf.matMul(tf.tensor2d(g, [size, count]), centred), mean)),
      first * d
    )
  }
  tf.dispose([mean, centred])
  return unitRows(drawn, d)
}
