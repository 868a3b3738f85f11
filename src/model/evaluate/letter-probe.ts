/**
 * A linear probe for the first letter: multinomial logistic regression on standardised activations, with L2 penalty
 * 1 / (2 C) ||W||^2 on the summed loss as scikit-learn has it. Full-batch accelerated gradient descent (Nesterov 1983) on
 * a smooth convex function: no randomness.
 */
import * as tf from "@tensorflow/tfjs-core"

export interface LetterProbe {
  readonly accuracy: number
  /** Of each test row, in their order. */
  readonly right: ReadonlyArray<boolean>
  /** F1 per class on the test rows; undefined for a class without test rows. */
  readonly f1: ReadonlyArray<number | undefined>
  /** Between-class share of the variance of all rows: how much of the activation the label explains. */
  readonly share: number
}

/** Share of the total sum of squares that lies between the classes' means, summed over dimensions. */
const betweenClassShare = (rows: Float32Array, width: number, labels: ReadonlyArray<number>): number => {
  const classes = Math.max(...labels) + 1
  const sums = new Float64Array(classes * width)
  const counts = new Float64Array(classes)
  const mean = new Float64Array(width)
  let squares = 0
  for (const [i, label] of labels.entries()) {
    counts[label]!++
    for (let j = 0; j < width; j++) {
      const x = rows[i * width + j] as number
      sums[label * width + j]! += x
      mean[j]! += x / labels.length
      squares += x * x
    }
  }
  let total = squares
  for (const m of mean) total -= labels.length * m * m
  let between = 0
  for (let c = 0; c < classes; c++) {
    const n = counts[c] as number
    if (n === 0) continue
    for (let j = 0; j < width; j++) between += n * ((sums[c * width + j] as number) / n - (mean[j] as number)) ** 2
  }
  return between / total
}

/**
 * @param rows [n, width], row-major
 * @param labels class of each row, from 0 to 25
 * @param isTest which rows are held out
 */
export const letterProbe = (
  rows: Float32Array,
  width: number,
  labels: ReadonlyArray<number>,
  isTest: ReadonlyArray<boolean>,
  { c = 1, iterations = 600 }: { readonly c?: number; readonly iterations?: number } = {}
): LetterProbe => {
  const classes = 26
  const train = labels.flatMap((_, i) => (isTest[i] === true ? [] : [i]))
  const test = labels.flatMap((_, i) => (isTest[i] === true ? [i] : []))
  let predicted: ArrayLike<number> = []
  tf.tidy(() => {
    const all = tf.tensor2d(rows, [labels.length, width])
    const pick = (at: ReadonlyArray<number>): tf.Tensor2D => tf.gather(all, tf.tensor1d([...at], "int32"))
    const raw = pick(train)
    const { mean, variance } = tf.moments(raw, 0)
    const scale = tf.add(tf.sqrt(variance), 1e-6)
    const standardised = (x: tf.Tensor2D): tf.Tensor2D => {
      const z = tf.div(tf.sub(x, mean), scale) as tf.Tensor2D
      return tf.concat([z, tf.ones([x.shape[0], 1])], 1)
    }
    const x = standardised(raw)
    const y = tf.cast(
      tf.oneHot(
        tf.tensor1d(
          train.map((i) => labels[i] as number),
          "int32"
        ),
        classes
      ),
      "float32"
    )
    // The loss is smooth with constant at most ||x||^2 / 2 + 1 / C, bounded by the greatest eigenvalue of x^T x.
    let v = tf.ones([width + 1, 1]) as tf.Tensor2D
    for (let i = 0; i < 20; i++) {
      const w = tf.matMul(x, tf.matMul(x, v), true)
      v = tf.div(w, tf.norm(w)) as tf.Tensor2D
    }
    const eigen = tf.norm(tf.matMul(x, tf.matMul(x, v), true)).dataSync()[0] as number
    const step = 1 / (0.5 * eigen * 1.05 + 1 / c)
    const penalised = tf.concat([tf.mul(tf.ones([width, 1]), 1 / c), tf.zeros([1, 1])], 0)
    let w = tf.zeros([width + 1, classes]) as tf.Tensor2D
    let previous = w
    for (let i = 0; i < iterations; i++) {
      const [nextW, nextPrevious] = tf.tidy(() => {
        const ahead = tf.add(w, tf.mul(tf.sub(w, previous), i / (i + 3)))
        const error = tf.sub(tf.softmax(tf.matMul(x, ahead as tf.Tensor2D)), y)
        const gradient = tf.add(tf.matMul(x, error as tf.Tensor2D, true), tf.mul(ahead, penalised))
        return [tf.sub(ahead, tf.mul(gradient, step)) as tf.Tensor2D, w.clone()]
      }) as [tf.Tensor2D, tf.Tensor2D]
      w.dispose()
      if (i > 0) previous.dispose()
      w = nextW
      previous = nextPrevious
    }
    predicted = tf.argMax(tf.matMul(standardised(pick(test)), w), 1).dataSync()
  })
  const truth = test.map((i) => labels[i] as number)
  const right = truth.map((label, i) => predicted[i] === label)
  const f1 = Array.from({ length: classes }, (_, letter) => {
    let hit = 0
    let said = 0
    let there = 0
    for (const [i, label] of truth.entries()) {
      if (label === letter) there++
      if (predicted[i] === letter) said++
      if (label === letter && predicted[i] === letter) hit++
    }
    return there === 0 ? undefined : hit === 0 ? 0 : (2 * hit) / (said + there)
  })
  return {
    accuracy: right.filter(Boolean).length / truth.length,
    right,
    f1,
    share: betweenClassShare(rows, width, labels)
  }
}
