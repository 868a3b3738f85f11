/**
 * The linear probe of the first-letter task: multinomial logistic regression over 26 letters on the residual stream.
 *
 * Inputs are standardised with the training set's means and deviations (without it, strongly unequal dimensions make the
 * penalty hide the letters), then C * sum(loss) + |W|^2 / 2 is minimised, the convention of scikit-learn; the bias is
 * not penalised. Solved on the full batch, from zero, so the result depends on no seed: the two products with the inputs
 * run on the engine (f32), everything else in f64.
 */
import * as tf from "@tensorflow/tfjs-core"
import { readFloats } from "../../tensor/read-tensor.ts"
import { lbfgs } from "../../numeric/lbfgs.ts"

export interface LetterProbe {
  readonly d_in: number
  readonly classes: number
  /** [classes, d_in] for inputs as they are: the standardisation is folded in. */
  readonly weights: Float64Array<ArrayBuffer>
  /** [classes] */
  readonly bias: Float64Array<ArrayBuffer>
  readonly converged: boolean
}

export interface LetterProbeOptions {
  /** Inverse strength of the penalty. Below 1 the letters are underfitted. @default 1 */
  readonly c?: number
  /** @default 26 */
  readonly classes?: number
  /** @default 300 */
  readonly maxIterations?: number
}

/** Largest entry of the gradient of the mean loss at the end: scikit-learn's default. */
const tolerance = 1e-4

/**
 * @param x [n, d_in], row-major
 * @param labels n numbers below `classes`
 */
export const trainLetterProbe = (
  x: Float32Array,
  labels: Uint8Array,
  { c = 1, classes = 26, maxIterations = 300 }: LetterProbeOptions = {}
): LetterProbe => {
  const n = labels.length
  const d = x.length / n
  if (n === 0 || !Number.isInteger(d)) throw new RangeError(`${x.length} numbers are no rows for ${n} labels`)
  const mean = new Float64Array(d)
  const deviation = new Float64Array(d)
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) mean[i]! += x[r * d + i]! / n
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) deviation[i]! += (x[r * d + i]! - mean[i]!) ** 2 / n
  // A constant dimension carries nothing: left unscaled, as scikit-learn does.
  for (let i = 0; i < d; i++) deviation[i] = deviation[i]! > 0 ? Math.sqrt(deviation[i]!) : 1
  const standard = new Float32Array(n * d)
  for (let r = 0; r < n; r++)
    for (let i = 0; i < d; i++) standard[r * d + i] = (x[r * d + i]! - mean[i]!) / deviation[i]!
  const X = tf.tensor2d(standard, [n, d])

  // Parameters: W as [d, classes], then the bias. The objective is divided by C n, so that the tolerance is per row.
  const penalty = 1 / (c * n)
  const biasAt = d * classes
  const evaluate = (p: Float64Array, gradient: Float64Array): number => {
    const products = readFloats(() => tf.matMul(X, tf.tensor2d(Float32Array.from(p.subarray(0, biasAt)), [d, classes])))
    const slopes = new Float32Array(n * classes)
    const scores = new Float64Array(classes)
    gradient.fill(0)
    let loss = 0
    for (let r = 0; r < n; r++) {
      let top = Number.NEGATIVE_INFINITY
      for (let k = 0; k < classes; k++) {
        const score = products[r * classes + k]! + p[biasAt + k]!
        scores[k] = score
        if (score > top) top = score
      }
      loss -= scores[labels[r]!]! - top
      let sum = 0
      for (let k = 0; k < classes; k++) {
        const e = Math.exp(scores[k]! - top)
        scores[k] = e
        sum += e
      }
      loss += Math.log(sum)
      for (let k = 0; k < classes; k++) {
        const slope = (scores[k]! / sum - (k === labels[r] ? 1 : 0)) / n
        slopes[r * classes + k] = slope
        gradient[biasAt + k]! += slope
      }
    }
    const back = readFloats(() => tf.matMul(X, tf.tensor2d(slopes, [n, classes]), true))
    let squares = 0
    for (let at = 0; at < biasAt; at++) {
      squares += p[at]! * p[at]!
      gradient[at] = back[at]! + penalty * p[at]!
    }
    return loss / n + (penalty * squares) / 2
  }
  const { x: p, converged } = lbfgs(new Float64Array(biasAt + classes), evaluate, { tolerance, maxIterations })
  X.dispose()

  const weights = new Float64Array(classes * d)
  const bias = p.slice(d * classes)
  for (let k = 0; k < classes; k++) {
    for (let i = 0; i < d; i++) {
      const w = p[i * classes + k]! / deviation[i]!
      weights[k * d + i] = w
      bias[k]! -= w * mean[i]!
    }
  }
  return { d_in: d, classes, weights, bias, converged }
}

/** The most likely class of each row. @param x [n, d_in] */
export const predictLetters = (probe: LetterProbe, x: Float32Array): Uint8Array<ArrayBuffer> => {
  const { d_in: d, classes, weights, bias } = probe
  return Uint8Array.from({ length: x.length / d }, (_, r) => {
    let best = 0
    let top = Number.NEGATIVE_INFINITY
    for (let k = 0; k < classes; k++) {
      let score = bias[k]!
      for (let i = 0; i < d; i++) score += weights[k * d + i]! * x[r * d + i]!
      if (score > top) {
        top = score
        best = k
      }
    }
    return best
  })
}

/** [classes, d_in], rows of length 1 (a zero row stays zero). */
export const probeDirections = ({ classes, d_in: d, weights }: LetterProbe): Float64Array<ArrayBuffer> => {
  const directions = weights.slice()
  for (let k = 0; k < classes; k++) {
    const row = directions.subarray(k * d, (k + 1) * d)
    const norm = Math.hypot(...row)
    if (norm > 0) for (let i = 0; i < d; i++) row[i]! /= norm
  }
  return directions
}
