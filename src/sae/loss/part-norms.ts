/** The norm of a crosscoder's decoder row as its choice of latents and its penalty see it. */

/** Sum of the norms of a row's parts, one a source. */
export const sumOfPartNorms = (row: ArrayLike<number>, widths: ReadonlyArray<number>): number => {
  let start = 0
  return widths.reduce((sum, width) => {
    let square = 0
    for (let c = start; c < start + width; c++) square += (row[c] as number) ** 2
    start += width
    return sum + Math.sqrt(square)
  }, 0)
}
