/** Numbers of which there is never more than a block at a time: a whole copy may be more than there is memory for. */

export interface FloatBlocks {
  /** Of all blocks together. */
  readonly length: number
  /** In their order, of any length. A block may be overwritten once the next one is asked for. */
  readonly blocks: () => Iterable<Float32Array>
}

/** Numbers that are in memory already, as one block. */
export const oneBlock = (values: Float32Array): FloatBlocks => ({ length: values.length, blocks: () => [values] })

/** All of them, in an array of its own. */
export const joinBlocks = ({ length, blocks }: FloatBlocks): Float32Array<ArrayBuffer> => {
  const values = new Float32Array(length)
  let at = 0
  for (const block of blocks()) {
    values.set(block, at)
    at += block.length
  }
  return values
}

/** The same numbers in blocks of whole rows: [n, width] row-major, n as it comes. */
export function* rowBlocksOf({ blocks }: FloatBlocks, width: number): Generator<Float32Array> {
  const row = new Float32Array(width)
  let filled = 0
  for (const block of blocks()) {
    let at = 0
    if (filled > 0) {
      at = Math.min(width - filled, block.length)
      row.set(block.subarray(0, at), filled)
      filled += at
      if (filled < width) continue
      yield row
    }
    const whole = at + Math.floor((block.length - at) / width) * width
    if (whole > at) yield block.subarray(at, whole)
    filled = block.length - whole
    row.set(block.subarray(whole), 0)
  }
}
