/**
 * Cuts the rows of a pattern into blocks of bounded memory. A batched product wants equally many latents per row: rows
 * are taken in order of their number of latents, and shorter ones padded with latent 0.
 */
import type { SparsePattern } from "./sparse-pattern.ts"

export interface RowBlock {
  /** int32 [count]: the rows of the block. */
  readonly rows: Int32Array
  /** True where `rows` are consecutive. */
  readonly consecutive: boolean
  /** int32 [count * width]: the latents of each row, padded. */
  readonly latent: Int32Array
}

/** Floats of gathered weights in a block, 256 MiB: fewer, larger operations are faster up to here. */
const BLOCK_FLOATS = 1 << 26
/** Rows in a block whose rows differ in length: enough to keep the threads busy, few enough to pad little. */
const UNEQUAL_ROWS = 128

export interface RowBlocks {
  readonly blocks: ReadonlyArray<RowBlock>
  /** int32 [n]: where in the concatenated blocks each pair is; undefined where they are in order already. */
  readonly position: Int32Array | undefined
}

export const rowBlocks = (pattern: SparsePattern, d: number): RowBlocks => {
  const { rows, rowStart } = pattern
  const lengths = Int32Array.from({ length: rows }, (_, row) => rowStart[row + 1]! - rowStart[row]!)
  const equal = lengths.every((length) => length === lengths[0])
  const order = Int32Array.from(lengths.keys())
  if (!equal) order.sort((a, b) => lengths[b]! - lengths[a]! || a - b)
  const blocks: Array<RowBlock> = []
  const position = new Int32Array(pattern.latent.length)
  let offset = 0
  for (let at = 0; at < rows;) {
    const width = lengths[order[at]!]!
    if (width === 0) break
    const most = Math.max(1, Math.floor(BLOCK_FLOATS / (width * d)))
    const count = Math.min(rows - at, most, equal ? rows : UNEQUAL_ROWS)
    const latent = new Int32Array(count * width)
    for (let i = 0; i < count; i++) {
      const row = order[at + i]!
      const start = rowStart[row]!
      latent.set(pattern.latent.subarray(start, rowStart[row + 1]), i * width)
      for (let j = 0; j < lengths[row]!; j++) position[start + j] = offset + i * width + j
    }
    blocks.push({ rows: order.slice(at, at + count), consecutive: equal, latent })
    offset += count * width
    at += count
  }
  return { blocks, position: equal ? undefined : position }
}
