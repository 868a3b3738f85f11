/**
 * Mean, extremes and quantiles of any number of norms in fixed memory: counts by the upper 18 bits of the f32, which are
 * bins of a thousandth of their value.
 */
import * as Schema from "effect/Schema"
import type { NormSummary } from "../kinds/activations/activations-handle.ts"

const dropped = 13
const bins = 2 ** (31 - dropped)
const quantiles = [0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999]

const word = new Uint32Array(1)
const real = new Float32Array(word.buffer)

/** Middle of a bin. */
const valueOf = (bin: number): number => {
  word[0] = (bin << dropped) | (1 << (dropped - 1))
  return real[0] as number
}

export const NormSums = Schema.Struct({
  rows: Schema.Int,
  sum: Schema.Finite,
  squares: Schema.Finite,
  min: Schema.Finite,
  max: Schema.Finite
})
export type NormSums = typeof NormSums.Type

export interface NormHistogram {
  /** Norms `from` to `to`, none negative, all finite. */
  readonly add: (norms: Float32Array, from: number, to: number) => void
  readonly sums: () => NormSums
  readonly counts: Int32Array<ArrayBuffer>
  readonly summary: () => NormSummary
}

/** @param begun what `sums` and `counts` were */
export const makeNormHistogram = (begun?: { readonly sums: NormSums; readonly counts: Int32Array }): NormHistogram => {
  const counts = new Int32Array(bins)
  if (begun !== undefined) counts.set(begun.counts)
  // Infinity is no JSON: an empty summary has extremes of zero.
  let { rows, sum, squares, min, max } = begun?.sums ?? { rows: 0, sum: 0, squares: 0, min: 0, max: 0 }
  const sums = (): NormSums => ({ rows, sum, squares, min, max })

  const quantile = (share: number): number => {
    const wanted = Math.min(rows - 1, Math.floor(share * rows))
    let below = 0
    for (let bin = 0; bin < bins; bin++) {
      below += counts[bin] as number
      if (below > wanted) return Math.min(max, Math.max(min, valueOf(bin)))
    }
    return max
  }

  return {
    add: (norms, from, to) => {
      const bits = new Uint32Array(norms.buffer, norms.byteOffset, norms.length)
      for (let i = from; i < to; i++) {
        const norm = norms[i] as number
        const bin = (bits[i] as number) >>> dropped
        counts[bin] = (counts[bin] as number) + 1
        sum += norm
        squares += norm * norm
        if (rows === 0 || norm < min) min = norm
        if (norm > max) max = norm
        rows += 1
      }
    },
    sums,
    counts,
    summary: () => ({
      rows,
      mean: rows === 0 ? 0 : sum / rows,
      root_mean_square: rows === 0 ? 0 : Math.sqrt(squares / rows),
      min,
      max,
      quantiles: Object.fromEntries(rows === 0 ? [] : quantiles.map((share) => [String(share), quantile(share)]))
    })
  }
}
