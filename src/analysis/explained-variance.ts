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
