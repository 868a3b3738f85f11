/**
 * Random unit rows with the covariance of others: every one is a random combination of all of them. What a dictionary explains of such
 * rows it explains of any cloud of that shape, whether or not its rows are sums of common parts.
 */
import * as Rng from "../../random/rng.ts"
import { unitRows } from "../decoder-cosine.ts"

/**
 * The rows about their mean, turned among each other: pairs by a random angle, in as many rounds as make every row a sum of all, twice
 * over. Turning keeps the sample's covariance exactly; drawing rows of that covariance would widen its spectrum by the noise of a
 * sample once more, and dictionaries explain that.
 *
 * @param rows [count, d], row-major
 */
export const matchedRows = (rows: Float32Array, d: number, seed: number): Float32Array<ArrayBuffer> => {
  const count = rows.length / d
  const rng = Rng.make(seed, `${count} random rows of a covariance in ${d} dimensions`)
  const mean = new Float64Array(d)
  for (let at = 0; at < rows.length; at++) mean[at % d]! += rows[at]! / count
  const turned = new Float64Array(rows.length)
  for (let at = 0; at < rows.length; at++) turned[at] = rows[at]! - mean[at % d]!
  for (let round = 2 * Math.ceil(Math.log2(count)); round > 0; round--) {
    const order = rng.permutation(count)
    for (let pair = 0; pair + 1 < count; pair += 2) {
      const a = order[pair]! * d
      const b = order[pair + 1]! * d
      const angle = 2 * Math.PI * rng.float()
      const cos = Math.cos(angle)
      const sin = Math.sin(angle)
      for (let i = 0; i < d; i++) {
        const x = turned[a + i]!
        const y = turned[b + i]!
        turned[a + i] = cos * x + sin * y
        turned[b + i] = cos * y - sin * x
      }
    }
  }
  const result = new Float32Array(rows.length)
  for (let at = 0; at < rows.length; at++) result[at] = turned[at]! + mean[at % d]!
  return unitRows(result, d)
}
