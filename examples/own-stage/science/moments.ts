export interface Moments {
  /** Rows `[rows, d_in]`, row-major. */
  readonly add: (rows: Float32Array) => void
  /** `[d_in]`, of all rows so far. */
  readonly variance: () => Float64Array
}

/** Mean and variance of every dimension in one pass (Welford 1962): sums of squares would lose digits. */
export const makeMoments = (d_in: number): Moments => {
  const mean = new Float64Array(d_in)
  const squares = new Float64Array(d_in)
  let count = 0
  return {
    add: (rows) => {
      for (let at = 0; at < rows.length; at += d_in) {
        count += 1
        for (let j = 0; j < d_in; j++) {
          const x = rows[at + j] as number
          const before = mean[j] as number
          const after = before + (x - before) / count
          mean[j] = after
          squares[j] = (squares[j] as number) + (x - before) * (x - after)
        }
      }
    },
    variance: () => squares.map((sum) => sum / count)
  }
}
