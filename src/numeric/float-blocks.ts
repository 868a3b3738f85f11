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
