/**
 * A linear probe of two classes as SAEBench trains it for SCR and TPP: logistic loss + 1e-3 |w|_1 by AdamW (1e-3, decay 0.01) in
 * batches of 16, 20 epochs. Its penalty and its few steps keep a probe of biased texts on what they share.
 *
 * Source: SAEBench 0.6.0, `sparse_probing/probe_training.py`, `train_probe_gpu`. There the epoch that does best on the test
 * texts is kept (`keepBest`), which lets them choose the probe; weights start at random, here at zero.
 */
export interface LinearProbe {
  readonly weights: Float64Array
  readonly bias: number
}

/** Rows, and which of them are positive. */
export interface ProbeRows {
  /** [rows, width] each */
  readonly x: ReadonlyArray<Float64Array>
  readonly positive: ReadonlyArray<boolean>
}

export interface ProbeOptions {
  readonly epochs: number
  readonly batch: number
  readonly lr: number
  readonly l1: number
  /** Order of the rows in an epoch. */
  readonly order: (rows: number) => ArrayLike<number>
  /** Keeps the first epoch of those that do best on these rows; undefined: the last epoch. */
  readonly keepBest?: ProbeRows
}

export const saebenchProbe = { epochs: 20, batch: 16, lr: 1e-3, l1: 1e-3 } as const

const [beta1, beta2, epsilon, decay] = [0.9, 0.999, 1e-8, 0.01]

export const probeLogit = ({ weights, bias }: LinearProbe, x: ArrayLike<number>): number => {
  let sum = bias
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * x[i]!
  return sum
}

const probeAccuracy = (probe: LinearProbe, { x, positive }: ProbeRows): number =>
  x.reduce((sum, row, n) => sum + (probeLogit(probe, row) > 0 === positive[n] ? 1 : 0), 0) / x.length

export const trainProbe = ({ x, positive }: ProbeRows, options: ProbeOptions): LinearProbe => {
  const width = x[0]!.length
  // The bias is the last one.
  const [weights, first, second, gradient] = Array.from({ length: 4 }, () => new Float64Array(width + 1)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array
  ]
  const now = (): LinearProbe => ({ weights: weights.slice(0, width), bias: weights[width]! })
  let [step, best, kept] = [0, 0, now()]
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const order = options.order(x.length)
    for (let start = 0; start < x.length; start += options.batch) {
      const size = Math.min(options.batch, x.length - start)
      for (let i = 0; i < width; i++) gradient[i] = options.l1 * Math.sign(weights[i]!)
      gradient[width] = 0
      for (let n = start; n < start + size; n++) {
        const row = x[order[n]!]!
        let logit = weights[width]!
        for (let i = 0; i < width; i++) logit += weights[i]! * row[i]!
        const slope = (1 / (1 + Math.exp(-logit)) - (positive[order[n]!] === true ? 1 : 0)) / size
        for (let i = 0; i < width; i++) gradient[i]! += slope * row[i]!
        gradient[width]! += slope
      }
      step++
      const [correct1, correct2] = [1 - beta1 ** step, 1 - beta2 ** step]
      for (let i = 0; i <= width; i++) {
        const g = gradient[i]!
        first[i] = beta1 * first[i]! + (1 - beta1) * g
        second[i] = beta2 * second[i]! + (1 - beta2) * g * g
        weights[i] =
          weights[i]! * (1 - options.lr * decay) -
          (options.lr * (first[i]! / correct1)) / (Math.sqrt(second[i]! / correct2) + epsilon)
      }
    }
    if (options.keepBest === undefined) continue
    const accuracy = probeAccuracy(now(), options.keepBest)
    if (accuracy > best) [best, kept] = [accuracy, now()]
  }
  return options.keepBest === undefined ? now() : kept
}
