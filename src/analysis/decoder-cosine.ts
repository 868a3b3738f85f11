/** Cosines between the decoder directions of two SAEs, by blocks of rows so that no full matrix is held. */
import * as tf from "@tensorflow/tfjs-core"
import { readFloats } from "../tensor/read-tensor.ts"

/** [rows, d] with every row scaled to length 1; a zero row stays zero. */
export const unitRows = (W: Float32Array<ArrayBuffer>, d: number): Float32Array<ArrayBuffer> => {
  const unit = new Float32Array(W.length)
  for (let start = 0; start < W.length; start += d) {
    let norm = 0
    for (let i = start; i < start + d; i++) norm += W[i]! * W[i]!
    const scale = norm === 0 ? 0 : 1 / Math.sqrt(norm)
    for (let i = start; i < start + d; i++) unit[i] = W[i]! * scale
  }
  return unit
}

/** Blocks [rows, b rows] of cos(a_i, b_j), from row `first` of `a` on. `a` and `b` are [., d]. */
function* cosineBlocks(
  a: Float32Array<ArrayBuffer>,
  b: Float32Array<ArrayBuffer>,
  d: number
): Generator<{ readonly cosines: Float32Array; readonly first: number; readonly rows: number }> {
  const n = a.length / d
  const m = b.length / d
  const block = Math.max(1, Math.min(n, Math.floor((8 << 20) / m)))
  const unit = unitRows(a, d)
  // Between two blocks others may compute: a tidy of theirs is not to take it.
  const B = tf.keep(tf.tensor2d(unitRows(b, d), [m, d]))
  try {
    for (let first = 0; first < n; first += block) {
      const rows = Math.min(block, n - first)
      const cosines = readFloats(() =>
        tf.matMul(tf.tensor2d(unit.subarray(first * d, (first + rows) * d), [rows, d]), B, false, true)
      )
      yield { cosines, first, rows }
    }
  } finally {
    B.dispose()
  }
}

/** Calls `visit(cosines, first, rows)` with every block. */
export const forEachCosineBlock = (
  a: Float32Array<ArrayBuffer>,
  b: Float32Array<ArrayBuffer>,
  d: number,
  visit: (cosines: Float32Array, first: number, rows: number) => void
): void => {
  for (const { cosines, first, rows } of cosineBlocks(a, b, d)) visit(cosines, first, rows)
}

export interface Nearest {
  /** max over b rows of cos(a_i, b_j), and the first row that attains it. */
  readonly cosine: Float32Array<ArrayBuffer>
  readonly index: Uint32Array<ArrayBuffer>
}

/** For each row of `a` the row of `b` with the largest cosine. */
export const nearestRows = (a: Float32Array<ArrayBuffer>, b: Float32Array<ArrayBuffer>, d: number): Nearest => {
  const n = a.length / d
  const m = b.length / d
  const cosine = new Float32Array(n).fill(-1)
  const index = new Uint32Array(n)
  forEachCosineBlock(a, b, d, (cosines, first, rows) => {
    for (let r = 0; r < rows; r++) {
      let best = Number.NEGATIVE_INFINITY
      for (let j = 0; j < m; j++) {
        const c = cosines[r * m + j]!
        if (c > best) {
          best = c
          index[first + r] = j
        }
      }
      cosine[first + r] = best
    }
  })
  return { cosine, index }
}

/** For each row the largest cosine with another row; -1 where there is no other. */
export const nearestOtherRows = (a: Float32Array<ArrayBuffer>, d: number): Float32Array<ArrayBuffer> => {
  const n = a.length / d
  const largest = new Float32Array(n).fill(-1)
  forEachCosineBlock(a, a, d, (cosines, first, rows) => {
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < n; j++) {
        if (j !== first + r) largest[first + r] = Math.max(largest[first + r]!, cosines[r * n + j]!)
      }
    }
  })
  return largest
}

/** All cosines, [a rows, b rows]: for dictionaries of some thousand rows. */
export const decoderCosines = (
  a: Float32Array<ArrayBuffer>,
  b: Float32Array<ArrayBuffer>,
  d: number
): Float32Array<ArrayBuffer> => {
  const m = b.length / d
  const all = new Float32Array((a.length / d) * m)
  forEachCosineBlock(a, b, d, (cosines, first) => all.set(cosines, first * m))
  return all
}

/** Pairs (b row, a row) with cos > threshold, block after block: under a low threshold they are too many to be held. */
export function* cosineEdges(
  a: Float32Array<ArrayBuffer>,
  b: Float32Array<ArrayBuffer>,
  d: number,
  threshold: number
): Generator<readonly [number, number]> {
  const m = b.length / d
  for (const { cosines, first, rows } of cosineBlocks(a, b, d)) {
    for (let r = 0; r < rows; r++) for (let j = 0; j < m; j++) if (cosines[r * m + j]! > threshold) yield [j, first + r]
  }
}
