/**
 * Share of the variance of rows that their reconstruction explains: 1 - sum |x - x_hat|^2 / sum |x - x_mean|^2, the mean
 * over all the rows and a constant error counted. Of decoder rows it is the decoder variance explained of a meta-SAE
 * (SAEBench `meta_structure`; Leask et al. 2502.04878 report 0.5547 for GPT-2 small).
 *
 * @param x [rows, d], row-major
 * @param reconstruction [rows, d]
 */
export const explainedVariance = (x: Float32Array, reconstruction: Float32Array, d: number): number => {
  if (x.length !== reconstruction.length || x.length === 0 || x.length % d !== 0) {
    throw new RangeError(`${x.length} and ${reconstruction.length} numbers are not the same rows of ${d}`)
  }
  const rows = x.length / d
  const mean = new Float64Array(d)
  for (let at = 0; at < x.length; at++) mean[at % d]! += x[at]! / rows
  let error = 0
  let variance = 0
  for (let at = 0; at < x.length; at++) {
    error += (x[at]! - reconstruction[at]!) ** 2
    variance += (x[at]! - mean[at % d]!) ** 2
  }
  return 1 - error / variance
}
