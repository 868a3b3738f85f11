/** Norms of rows on the host, summed in f64. */

/**
 * |x| of every row, on the host: summed in f64, so that it depends neither on the engine nor on which rows stand beside.
 * Four sums at a time keep up with memory.
 */
export const normsOfRows = (values: Float32Array, d_in: number): Float32Array<ArrayBuffer> => {
  const norms = new Float32Array(values.length / d_in)
  const even = d_in - (d_in % 4)
  for (let row = 0; row < norms.length; row++) {
    const start = row * d_in
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let i = start; i < start + even; i += 4) {
      const p = values[i] as number
      const q = values[i + 1] as number
      const r = values[i + 2] as number
      const s = values[i + 3] as number
      a += p * p
      b += q * q
      c += r * r
      d += s * s
    }
    for (let i = start + even; i < start + d_in; i++) {
      const x = values[i] as number
      a += x * x
    }
    norms[row] = Math.sqrt(a + b + (c + d))
  }
  return norms
}

/** Sum of the norms of a row's parts: the norm of a crosscoder's decoder row as its choice of latents and its penalty see it. */
export const sumOfPartNorms = (row: ArrayLike<number>, widths: ReadonlyArray<number>): number => {
  let start = 0
  return widths.reduce((sum, width) => {
    let square = 0
    for (let c = start; c < start + width; c++) square += (row[c] as number) ** 2
    start += width
    return sum + Math.sqrt(square)
  }, 0)
}
