/** Scale, centre and variance of the rows, from evenly spaced rows of the source, or the first ones of a random order. */
import { geometricMedian } from "./geometric-median.ts"
import type { RowSource } from "../../activations/row-source.ts"

/** Rows that scale and variance are estimated from (OpenAI's trainer takes as many for its initial bias). */
const statisticsRows = 32_768
/** The median needs tens of passes over its rows. */
const medianRows = 8_192

export interface RowStatistics {
  /** sqrt(mean |x|^2). */
  readonly scale: number
  /** mean |x|. */
  readonly mean_norm: number
  /** Mean of |x - mean|^2. */
  readonly variance: number
  /** Geometric median, [d_in]. */
  readonly median: Float64Array<ArrayBuffer>
}

const sampled = (source: RowSource, count: number): Float32Array<ArrayBuffer> => {
  const among = source.stream?.sample ?? source.rows
  const n = Math.min(count, among)
  const indices = Uint32Array.from({ length: n }, (_, i) => Math.floor((i * among) / n))
  const sample = new Float32Array(n * source.d_in)
  source.gather(indices, sample)
  return sample
}

export const rowStatistics = (source: RowSource): RowStatistics => {
  const { d_in } = source
  const sample = sampled(source, statisticsRows)
  const n = sample.length / d_in
  const mean = new Float64Array(d_in)
  let square = 0
  for (let i = 0; i < sample.length; i++) {
    const x = sample[i] as number
    square += (x * x) / n
    mean[i % d_in] = (mean[i % d_in] as number) + x / n
  }
  let variance = 0
  for (let i = 0; i < sample.length; i++) variance += ((sample[i] as number) - (mean[i % d_in] as number)) ** 2 / n
  let norms = 0
  for (let i = 0; i < n; i++) norms += Math.hypot(...sample.subarray(i * d_in, (i + 1) * d_in)) / n
  return {
    scale: Math.sqrt(square),
    mean_norm: norms,
    variance,
    median: geometricMedian(sampled(source, medianRows), d_in)
  }
}
