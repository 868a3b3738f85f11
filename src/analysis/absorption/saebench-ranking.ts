/**
 * The ranking of latents as SAEBench computes it (0.6.0, `train_sparse_multi_probe`): 50 epochs of Adam on batches of 4,096
 * words from a random start, learning rate 1e-2 falling to 1e-5 epoch by epoch, weight decay 1e-6, 26 one-vs-rest rows with
 * positives weighted by negatives / positives, loss + 0.01 |w|_1 a row, on codes as they are. With fewer words than a batch
 * that is 50 steps, which do not converge. Here for comparison with published figures; the start and the order of batches
 * are our own, of the stage's seed.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Rng from "../../random/rng.ts"
import { readFloats } from "../../tensor/read-tensor.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { firingLatents } from "./firing-latents.ts"
import { bestLatents, lambda, type LatentRanking } from "./rank-latents.ts"

const epochs = 50
const batch = 4096
const [lrStart, lrEnd] = [0.01, 1e-5]
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]
const weightDecay = 1e-6

/** As `rankLatents`; there is no duality gap to tell. */
export const saeBenchRanking = (
  codes: LatentCodes,
  rows: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  count: number,
  seed: number
): LatentRanking => {
  const n = rows.length
  const { latents, offsets, index, values } = firingLatents(codes, rows, 1)
  const width = latents.length
  const dense = new Float32Array(n * width)
  for (let column = 0; column < width; column++) {
    for (let at = offsets[column]!; at < offsets[column + 1]!; at++) dense[index[at]! * width + column] = values[at]!
  }
  const positives = new Float64Array(classes)
  for (let r = 0; r < n; r++) positives[labels[r]!]!++
  const size = width * classes
  // [latents that fire, classes], then the biases; torch.nn.Linear starts uniformly within 1 / sqrt(inputs).
  const start = Rng.make(seed, `start of the latent ranking, ${width} latents`)
  const bound = 1 / Math.sqrt(codes.d_sae)
  const W = Float64Array.from({ length: size + classes }, () => bound * (2 * start.float() - 1))
  const [m, v] = [new Float64Array(W.length), new Float64Array(W.length)]
  let step = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = Rng.make(seed, `words of epoch ${epoch} of the latent ranking`).permutation(n)
    const lr = lrStart * (lrEnd / lrStart) ** (epoch / epochs)
    for (let first = 0; first < n; first += batch) {
      const some = order.subarray(first, first + batch)
      const part = new Float32Array(some.length * width)
      some.forEach((row, r) => part.set(dense.subarray(row * width, (row + 1) * width), r * width))
      const F = tf.tensor2d(part, [some.length, width])
      const weights = Float32Array.from(W.subarray(0, size))
      const scores = readFloats(() => tf.matMul(F, tf.tensor2d(weights, [width, classes])))
      const slopes = new Float32Array(some.length * classes)
      const biasGradient = new Float64Array(classes)
      some.forEach((row, r) => {
        for (let k = 0; k < classes; k++) {
          const p = 1 / (1 + Math.exp(-scores[r * classes + k]! - W[size + k]!))
          const own = labels[row] === k ? ((p - 1) * (n - positives[k]!)) / positives[k]! : p
          slopes[r * classes + k] = own / some.length
          biasGradient[k]! += own / some.length
        }
      })
      const gradient = readFloats(() => tf.matMul(F, tf.tensor2d(slopes, [some.length, classes]), true))
      F.dispose()
      step++
      const correct1 = 1 - beta1 ** step
      const correct2 = 1 - beta2 ** step
      for (let at = 0; at < W.length; at++) {
        // The mean over the classes divides all alike, which Adam does not see.
        const own = at < size ? gradient[at]! + lambda * Math.sign(W[at]!) : biasGradient[at - size]!
        const g = own / classes + weightDecay * W[at]!
        m[at] = beta1 * m[at]! + (1 - beta1) * g
        v[at] = beta2 * v[at]! + (1 - beta2) * g * g
        W[at]! -= ((lr / correct1) * m[at]!) / (Math.sqrt(v[at]! / correct2) + epsilon)
      }
    }
  }
  const ranked = Array.from({ length: classes }, (_, k) =>
    bestLatents(latents, (column) => W[column * classes + k]!, count)
  )
  return { ranked, gap: null }
}
