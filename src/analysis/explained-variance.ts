import { bootstrapIntervals, drawnSum, type Interval } from "../numeric/bootstrap.ts"
import * as Rng from "../random/rng.ts"

/** Of each row: its squared error, and its squared distance from the mean of all the rows. */
const perRow = (x: Float32Array, reconstruction: Float32Array, d: number) => {
  if (x.length !== reconstruction.length || x.length === 0 || x.length % d !== 0) {
    throw new RangeError(`${x.length} and ${reconstruction.length} numbers are not the same rows of ${d}`)
  }
  const rows = x.length / d
  const mean = new Float64Array(d)
  for (let at = 0; at < x.length; at++) mean[at % d]! += x[at]! / rows
  const error = new Float64Array(rows)
  const spread = new Float64Array(rows)
  for (let at = 0; at < x.length; at++) {
    const row = Math.floor(at / d)
    error[row]! += (x[at]! - reconstruction[at]!) ** 2
    spread[row]! += (x[at]! - mean[at % d]!) ** 2
  }
  return { error, spread }
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)

/**
 * Share of the variance of rows that their reconstruction explains: 1 - sum |x - x_hat|^2 / sum |x - x_mean|^2, the mean
 * over all the rows and a constant error counted. Of decoder rows it is the decoder variance explained of a meta-SAE
 * (SAEBench `meta_structure`; Leask et al. 2502.04878 report 0.5547 for GPT-2 small).
 *
 * @param x [rows, d], row-major
 * @param reconstruction [rows, d]
 */
export const explainedVariance = (x: Float32Array, reconstruction: Float32Array, d: number): number => {
  const { error, spread } = perRow(x, reconstruction, d)
  return 1 - sum(error) / sum(spread)
}

/** The same with its 95 % interval over the rows, the mean being that of all of them; undefined from too few rows. */
export const explainedVarianceInterval = (
  x: Float32Array,
  reconstruction: Float32Array,
  d: number
): Interval | undefined => {
  const { error, spread } = perRow(x, reconstruction, d)
  return bootstrapIntervals(
    [error.length],
    (times) => ({ explained: 1 - drawnSum(times, error) / drawnSum(times, spread) }),
    Rng.make(0, "interval of explained variance")
  )["explained"]
}

export interface Reconstructed {
  /** [rows, d], row-major. */
  readonly x: Float32Array
  readonly reconstruction: Float32Array
}

/**
 * Share of what `other`'s reconstruction leaves unexplained of its rows that `own`'s does not leave of its:
 * (EV own - EV other) / (1 - EV other), with its 95 % interval over the rows of both, drawn apart.
 */
export const explainedBeyond = (own: Reconstructed, other: Reconstructed, d: number) => {
  const [a, b] = [perRow(own.x, own.reconstruction, d), perRow(other.x, other.reconstruction, d)]
  const left = (times: Int32Array, { error, spread }: ReturnType<typeof perRow>): number =>
    drawnSum(times, error) / drawnSum(times, spread)
  const beyond = (times: Int32Array) => ({
    value: 1 - left(times.subarray(0, a.error.length), a) / left(times.subarray(a.error.length), b)
  })
  const strata = [a.error.length, b.error.length]
  const { value } = beyond(new Int32Array(a.error.length + b.error.length).fill(1))
  return {
    value,
    interval: bootstrapIntervals(strata, beyond, Rng.make(0, "interval of what is explained beyond others"))["value"]
  }
}
