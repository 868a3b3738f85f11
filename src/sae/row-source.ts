/** Rows to train on, by random access: the trainer draws a global permutation, never one within a buffer. */
export interface RowSource {
  readonly rows: number
  readonly d_in: number
  /** Copies rows `indices[0]`, `indices[1]`, ... into `into`, [indices.length, d_in] row-major. */
  readonly gather: (indices: Uint32Array, into: Float32Array) => void
}

/** Rows of a matrix [rows, d_in] in memory, row-major. */
export const matrixRows = (data: Float32Array, d_in: number): RowSource => {
  if (data.length % d_in !== 0) throw new RangeError(`${data.length} numbers are no rows of ${d_in}`)
  return {
    rows: data.length / d_in,
    d_in,
    gather: (indices, into) => {
      for (let i = 0; i < indices.length; i++) {
        const start = (indices[i] as number) * d_in
        into.set(data.subarray(start, start + d_in), i * d_in)
      }
    }
  }
}
