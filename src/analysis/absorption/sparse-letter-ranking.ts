/**
 * Ranks SAE latents for each letter by an L1-penalised probe on the codes: the first half of k-sparse probing in
 * Chanin et al. 2409.14507 and SAEBench (26 one-vs-rest rows, positives weighted by negatives / positives, loss
 * + 0.01 |w|_1 a row, Adam 1e-2 falling to 1e-5). Two things differ, so that the result depends on no seed and no unit:
 * the batch is the whole training set, and codes are divided by the mean active value.
 */
import * as tf from "@tensorflow/tfjs-core"
import { computed } from "../computed.ts"
import type { LatentCodes } from "../latent-codes.ts"

const steps = 200
const l1 = 0.01
const [lrStart, lrEnd] = [0.01, 1e-5]
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]

/** Mean of the values that are active; 1 where there are none. */
export const meanActive = ({ values }: LatentCodes): number => {
  let sum = 0
  for (const value of values) sum += value
  return values.length === 0 ? 1 : sum / values.length
}

/** The latents that fire on some of the rows, ascending, and their scaled codes [rows, latents that fire]. */
const firing = (codes: LatentCodes, rows: ArrayLike<number>, unit: number) => {
  const { offsets, latents, values } = codes
  const place = new Int32Array(codes.d_sae).fill(-1)
  for (let r = 0; r < rows.length; r++) {
    for (let at = offsets[rows[r]!]!; at < offsets[rows[r]! + 1]!; at++) place[latents[at]!] = 0
  }
  const fired: Array<number> = []
  for (let j = 0; j < codes.d_sae; j++) if (place[j] === 0) place[j] = fired.push(j) - 1
  const dense = new Float32Array(rows.length * fired.length)
  for (let r = 0; r < rows.length; r++) {
    for (let at = offsets[rows[r]!]!; at < offsets[rows[r]! + 1]!; at++) {
      dense[r * fired.length + place[latents[at]!]!] = values[at]! / unit
    }
  }
  return { fired, dense }
}

/**
 * @param rows which rows of `codes` to train on
 * @param labels class of each of these rows
 * @returns for each class its `count` latents with the largest weights, largest first; latents that never fire on the
 *   rows are left out
 */
export const rankLatents = (
  codes: LatentCodes,
  rows: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  count: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const n = rows.length
  const { fired, dense } = firing(codes, rows, meanActive(codes))
  const width = fired.length
  if (width === 0) return Array.from({ length: classes }, () => [])
  const positives = new Float64Array(classes)
  for (let r = 0; r < n; r++) positives[labels[r]!]!++
  const size = width * classes
  // [latents that fire, classes], then the biases.
  const W = new Float64Array(size + classes)
  const [m, v] = [new Float64Array(W.length), new Float64Array(W.length)]
  const biasGradient = new Float64Array(classes)
  const slopes = new Float32Array(n * classes)
  const F = tf.tensor2d(dense, [n, width])
  for (let step = 1; step <= steps; step++) {
    const scores = computed(() => tf.matMul(F, tf.tensor2d(Float32Array.from(W.subarray(0, size)), [width, classes])))
    biasGradient.fill(0)
    for (let r = 0; r < n; r++) {
      for (let k = 0; k < classes; k++) {
        const p = 1 / (1 + Math.exp(-scores[r * classes + k]! - W[size + k]!))
        const slope = labels[r] === k ? ((p - 1) * (n - positives[k]!)) / positives[k]! / n : p / n
        slopes[r * classes + k] = slope
        biasGradient[k]! += slope
      }
    }
    const gradient = computed(() => tf.matMul(F, tf.tensor2d(slopes, [n, classes]), true))
    const lr = (lrStart * (lrEnd / lrStart) ** ((step - 1) / steps)) / (1 - beta1 ** step)
    const correct2 = 1 - beta2 ** step
    for (let at = 0; at < W.length; at++) {
      const g = at < size ? gradient[at]! + l1 * Math.sign(W[at]!) : biasGradient[at - size]!
      const first = beta1 * m[at]! + (1 - beta1) * g
      const second = beta2 * v[at]! + (1 - beta2) * g * g
      m[at] = first
      v[at] = second
      W[at]! -= (lr * first) / (Math.sqrt(second / correct2) + epsilon)
    }
  }
  F.dispose()
  return Array.from({ length: classes }, (_, k) =>
    Array.from({ length: width }, (_, place) => place)
      .toSorted((a, b) => W[b * classes + k]! - W[a * classes + k]! || a - b)
      .slice(0, count)
      .map((place) => fired[place]!)
  )
}
