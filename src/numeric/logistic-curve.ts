/** P(yes | x) = 1 / (1 + exp(-slope (x - middle))), by maximum likelihood. */
export interface LogisticCurve {
  readonly slope: number
  /** x where it is a half. */
  readonly middle: number
}

/** Keeps a slope finite where the answers are told apart without an error: a normal prior of this precision on it. */
const precision = 1e-3

/**
 * Newton's method from the mean answer on.
 *
 * @param times how often each point counts
 * @returns NaN where all answers are the same
 */
export const fitLogisticCurve = (
  x: ArrayLike<number>,
  yes: ArrayLike<number>,
  times?: ArrayLike<number>
): LogisticCurve => {
  const n = x.length
  const weight = (i: number): number => times?.[i] ?? 1
  let [count, positive, sum] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    count += weight(i)
    positive += weight(i) * yes[i]!
    sum += weight(i) * x[i]!
  }
  if (positive === 0 || positive === count) return { slope: Number.NaN, middle: Number.NaN }
  const centre = sum / count
  let [slope, bias] = [0, Math.log(positive / (count - positive))]
  for (let step = 0; step < 50; step++) {
    let [gs, gb, hss, hsb, hbb] = [-precision * slope, 0, precision, 0, 0]
    for (let i = 0; i < n; i++) {
      const at = x[i]! - centre
      const p = 1 / (1 + Math.exp(-(slope * at + bias)))
      const [error, variance] = [weight(i) * (yes[i]! - p), weight(i) * p * (1 - p)]
      gs += error * at
      gb += error
      hss += variance * at * at
      hsb += variance * at
      hbb += variance
    }
    const determinant = hss * hbb - hsb * hsb
    // Steps are bounded: far out the likelihood is flat, and a full step leaves it.
    const bounded = (move: number): number => Math.max(-5, Math.min(5, move))
    const [ds, db] = [bounded((gs * hbb - gb * hsb) / determinant), bounded((gb * hss - gs * hsb) / determinant)]
    slope += ds
    bias += db
    if (Math.abs(ds) + Math.abs(db) < 1e-9) break
  }
  return { slope, middle: centre - bias / slope }
}
