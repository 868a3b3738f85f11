/**
 * Ranks SAE latents for each letter by an L1-penalised probe on the codes: the first half of k-sparse probing in
 * Chanin et al. 2409.14507 and SAEBench (26 one-vs-rest rows, positives weighted by negatives / positives, loss
 * + 0.01 |w|_1 a row, Adam 1e-2 falling to 1e-5). Two things differ, so that the result depends on no seed and no unit:
 * the batch is the whole training set, and codes are divided by the mean active value.
 */
import type { LatentCodes } from "./latent-codes.ts"

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

/**
 * @param rows which rows of `codes` to train on
 * @param labels class of each of these rows
 * @returns for each class its `count` latents with the largest weights, largest first
 */
export const rankLatents = (
  codes: LatentCodes,
  rows: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  count: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const { offsets, latents, values, d_sae } = codes
  const n = rows.length
  const unit = 1 / meanActive(codes)
  const positives = new Float64Array(classes)
  for (let r = 0; r < n; r++) positives[labels[r]!]!++
  const size = d_sae * classes
  const W = new Float64Array(size)
  const bias = new Float64Array(classes)
  const gradient = new Float64Array(size)
  const biasGradient = new Float64Array(classes)
  const [m, v] = [new Float64Array(size + classes), new Float64Array(size + classes)]
  const scores = new Float64Array(classes)
  for (let step = 1; step <= steps; step++) {
    for (let at = 0; at < size; at++) gradient[at] = l1 * Math.sign(W[at]!)
    biasGradient.fill(0)
    for (let r = 0; r < n; r++) {
      scores.set(bias)
      const start = offsets[rows[r]!]!
      const end = offsets[rows[r]! + 1]!
      for (let e = start; e < end; e++) {
        const f = values[e]! * unit
        const at = latents[e]! * classes
        for (let k = 0; k < classes; k++) scores[k]! += f * W[at + k]!
      }
      for (let k = 0; k < classes; k++) {
        const p = 1 / (1 + Math.exp(-scores[k]!))
        const slope = labels[r] === k ? ((p - 1) * (n - positives[k]!)) / Math.max(1, positives[k]!) / n : p / n
        scores[k] = slope
        biasGradient[k]! += slope
      }
      for (let e = start; e < end; e++) {
        const f = values[e]! * unit
        const at = latents[e]! * classes
        for (let k = 0; k < classes; k++) gradient[at + k]! += f * scores[k]!
      }
    }
    const lr = lrStart * (lrEnd / lrStart) ** ((step - 1) / steps)
    const [correct1, correct2] = [1 - beta1 ** step, 1 - beta2 ** step]
    const update = (at: number, g: number): number => {
      m[at] = beta1 * m[at]! + (1 - beta1) * g
      v[at] = beta2 * v[at]! + (1 - beta2) * g * g
      return (lr * (m[at]! / correct1)) / (Math.sqrt(v[at]! / correct2) + epsilon)
    }
    for (let at = 0; at < size; at++) W[at]! -= update(at, gradient[at]!)
    for (let k = 0; k < classes; k++) bias[k]! -= update(size + k, biasGradient[k]!)
  }
  return Array.from({ length: classes }, (_, k) =>
    Array.from({ length: d_sae }, (_, j) => j)
      .toSorted((a, b) => W[b * classes + k]! - W[a * classes + k]! || a - b)
      .slice(0, count)
  )
}
