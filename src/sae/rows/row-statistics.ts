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

/** Rows that are looked at together. */
const blockRows = 512

const sampleIndices = ({ rows, stream }: RowSource, count: number): Uint32Array => {
  const among = stream?.sample ?? rows
  const n = Math.min(count, among)
  return Uint32Array.from({ length: n }, (_, i) => Math.floor((i * among) / n))
}

/** Rows that are copied anew for each pass over them: all together may be more than the weights. */
function* sampleBlocks(source: RowSource, indices: Uint32Array): Generator<Float32Array> {
  const block = new Float32Array(Math.min(blockRows, indices.length) * source.d_in)
  for (let at = 0; at < indices.length; at += blockRows) {
    const some = indices.subarray(at, at + blockRows)
    const rows = block.subarray(0, some.length * source.d_in)
    source.gather(some, rows)
    yield rows
  }
}

export const rowStatistics = (source: RowSource): RowStatistics => {
  const { d_in } = source
  const indices = sampleIndices(source, statisticsRows)
  const n = indices.length
  const mean = new Float64Array(d_in)
  let squares = 0
  let norms = 0
  for (const rows of sampleBlocks(source, indices)) {
    for (let start = 0; start < rows.length; start += d_in) {
      let own = 0
      for (let c = 0; c < d_in; c++) {
        const x = rows[start + c] as number
        own += x * x
        mean[c] = (mean[c] as number) + x
      }
      squares += own
      norms += Math.sqrt(own)
    }
  }
  for (let c = 0; c < d_in; c++) mean[c] = (mean[c] as number) / n
  let deviations = 0
  for (const rows of sampleBlocks(source, indices)) {
    for (let start = 0; start < rows.length; start += d_in) {
      let own = 0
      for (let c = 0; c < d_in; c++) {
        const off = (rows[start + c] as number) - (mean[c] as number)
        own += off * off
      }
      deviations += own
    }
  }
  const ofMedian = sampleIndices(source, medianRows)
  const sample = new Float32Array(ofMedian.length * d_in)
  source.gather(ofMedian, sample)
  const median = geometricMedian(sample, d_in)
  // Gone now instead of with the next collection: the weights come next.
  sample.buffer.transfer(0)
  return { scale: Math.sqrt(squares / n), mean_norm: norms / n, variance: deviations / n, median }
}
