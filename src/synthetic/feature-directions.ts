/**
 * Directions of features in fewer dimensions than there are features, as far from each other as a few steps of descent bring
 * them: random unit rows, then Adam on sum of squared cosines (SAELens `orthogonalize_embeddings`).
 */
import * as tf from "@tensorflow/tfjs-core"
import { randomUnitRows } from "../random/random-unit-rows.ts"

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]

/** @returns [features, d], unit rows */
export const featureDirections = (
  features: number,
  d: number,
  { steps, lr, seed }: { readonly steps: number; readonly lr: number; readonly seed: number }
): Float32Array<ArrayBuffer> => {
  let [rows, first, second] = [
    tf.tensor2d(randomUnitRows(features, d, seed), [features, d]),
    tf.zeros<tf.Rank.R2>([features, d]),
    tf.zeros<tf.Rank.R2>([features, d])
  ]
  const off = tf.tidy(() => tf.sub<tf.Tensor2D>(1, tf.eye(features)))
  for (let step = 1; step <= steps; step++) {
    const next = tf.tidy(() => {
      const dots = tf.matMul(rows, rows, false, true)
      // Gradient of the sum over i != j of (e_i.e_j)^2 + n sum (|e_i|^2 - 1)^2.
      const lengths = tf.sub(tf.sum(tf.square(rows), 1, true), 1)
      const gradient = tf.mul<tf.Tensor2D>(
        4,
        tf.add(tf.matMul(tf.mul<tf.Tensor2D>(dots, off), rows), tf.mul(tf.mul(features, lengths), rows))
      )
      const m = tf.add<tf.Tensor2D>(tf.mul(beta1, first), tf.mul(1 - beta1, gradient))
      const v = tf.add<tf.Tensor2D>(tf.mul(beta2, second), tf.mul(1 - beta2, tf.square(gradient)))
      const step1 = tf.div(m, 1 - beta1 ** step)
      const step2 = tf.add(tf.sqrt(tf.div(v, 1 - beta2 ** step)), epsilon)
      return [tf.sub<tf.Tensor2D>(rows, tf.mul(lr, tf.div(step1, step2))), m, v] as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D
      ]
    })
    tf.dispose([rows, first, second])
    ;[rows, first, second] = next
  }
  const unit = tf.tidy(() => tf.div<tf.Tensor2D>(rows, tf.norm(rows, 2, 1, true)))
  const values = Float32Array.from(unit.dataSync<"float32">())
  tf.dispose([rows, first, second, off, unit])
  return values
}

/**
 * Directions of compositions: of each group one part, and the unit sum of them; the last group's part changes fastest.
 *
 * @param parts [sum of groups, d], group after group
 * @returns [product of groups, d]
 */
export const composedDirections = (
  parts: Float32Array,
  d: number,
  groups: ReadonlyArray<number>
): Float32Array<ArrayBuffer> => {
  const count = groups.reduce((product, size) => product * size, 1)
  const result = new Float32Array(count * d)
  for (let i = 0; i < count; i++) {
    const row = result.subarray(i * d, (i + 1) * d)
    let rest = i
    let start = parts.length / d
    for (const size of groups.toReversed()) {
      start -= size
      const part = start + (rest % size)
      rest = Math.floor(rest / size)
      for (let c = 0; c < d; c++) row[c]! += parts[part * d + c]!
    }
    const norm = Math.hypot(...row)
    for (let c = 0; c < d; c++) row[c]! /= norm
  }
  return result
}
