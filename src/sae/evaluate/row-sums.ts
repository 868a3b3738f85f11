/**
 * Sums over held-out rows by group (a document, a position in the context, how frequent the token is), from which the
 * metrics follow; f64. What is of the rows alone is summed once, however many SAEs are measured on them.
 */

/** How rows are put into groups: by document, by position, by token frequency. */
export interface RowGroups {
  readonly count: number
  /** Group of a held-out row: 0 to `count` - 1. Not all need have rows. */
  readonly of: (row: RowOrigin) => number
}

/** Where a row stands in the text, and its token. */
export interface RowOrigin {
  readonly document: number
  readonly position: number
  readonly token: number
}

/** All rows. */
export const oneGroup: RowGroups = { count: 1, of: () => 0 }

/** Rows, and what each SAE's sums need of them. */
export interface RowBlock {
  /** [rows, d], row-major. */
  readonly x: Float32Array
  readonly rows: number
  /** By grouping: the group of each row. */
  readonly groups: ReadonlyArray<Int32Array>
  /** |x|^2 of each row. */
  readonly square: Float64Array
  /** |x - mean of the block|^2 of each row, and its sum. */
  readonly spread: Float64Array
  readonly totalSpread: number
}

/** What is of the rows alone. */
export const makeRowSums = (d: number, groupings: ReadonlyArray<RowGroups>) => {
  // Sums are taken about the first row: with a large mean, |x|^2 and |E x|^2 agree in most of their digits, and
  // their difference would keep few.
  let pivot: Float64Array | undefined
  const sums = groupings.map(({ count }) => ({
    rows: new Float64Array(count),
    shift: new Float64Array(count * d),
    shifted: new Float64Array(count),
    square: new Float64Array(count)
  }))

  const add = (x: Float32Array, origin: (row: number) => RowOrigin): RowBlock => {
    const rows = x.length / d
    pivot ??= Float64Array.from(x.subarray(0, d))
    const mean = new Float64Array(d)
    for (let i = 0; i < x.length; i++) mean[i % d]! += x[i]! / rows
    const groups = groupings.map(() => new Int32Array(rows))
    const block = { x, rows, groups, square: new Float64Array(rows), spread: new Float64Array(rows), totalSpread: 0 }
    for (let row = 0; row < rows; row++) {
      let [shifted, own, spread] = [0, 0, 0]
      for (let c = 0; c < d; c++) {
        const value = x[row * d + c]!
        shifted += (value - pivot[c]!) ** 2
        own += value * value
        spread += (value - mean[c]!) ** 2
      }
      block.square[row] = own
      block.spread[row] = spread
      block.totalSpread += spread
      const at = origin(row)
      for (const [g, sum] of sums.entries()) {
        const group = groupings[g]!.of(at)
        groups[g]![row] = group
        sum.rows[group]! += 1
        sum.shifted[group]! += shifted
        sum.square[group]! += own
        for (let c = 0; c < d; c++) sum.shift[group * d + c]! += x[row * d + c]! - pivot[c]!
      }
    }
    return block
  }

  /** Of each group of a grouping: its rows, their squared distances from the mean of all the rows, and their squares. */
  const result = (
    grouping: number
  ): { readonly rows: Float64Array; readonly spread: Float64Array; readonly square: Float64Array } => {
    const { rows, shift, shifted, square } = sums[grouping]!
    const total = rows.reduce((sum, n) => sum + n, 0)
    const mean = new Float64Array(d)
    for (const [at, value] of shift.entries()) mean[at % d]! += value / total
    const length = mean.reduce((sum, m) => sum + m * m, 0)
    const spread = shifted.map((sum, group) => {
      let along = 0
      for (let c = 0; c < d; c++) along += shift[group * d + c]! * mean[c]!
      return sum - 2 * along + rows[group]! * length
    })
    return { rows, spread, square }
  }
  return { add, result }
}
export type RowSums = ReturnType<typeof makeRowSums>

/** What is of one SAE's reconstructions of these rows. */
export const makeErrorSums = (d: number, groupings: ReadonlyArray<RowGroups>) => {
  const groups = groupings.map(({ count }) => ({
    active: new Float64Array(count),
    error: new Float64Array(count),
    cosine: new Float64Array(count),
    /** Of 1 - |x - x_hat|^2 / |x - mean of the block|^2. */
    legacy: new Float64Array(count),
    /** Of |x_hat|^2, of <x, x_hat>, and of |x_hat| / |x|. */
    output: new Float64Array(count),
    product: new Float64Array(count),
    ratio: new Float64Array(count)
  }))
  /** Of each block, what is a ratio in it. */
  const blocks = { batch: new Array<number>(), centred: new Array<number>() }

  /** @param active number of latents that fire on each row */
  const add = (block: RowBlock, xHat: Float32Array, active: Int32Array): void => {
    const { x, rows } = block
    const bias = new Float64Array(d)
    let total = 0
    for (let row = 0; row < rows; row++) {
      let [missed, yy, xy] = [0, 0, 0]
      for (let c = 0; c < d; c++) {
        const a = x[row * d + c]!
        const b = xHat[row * d + c]!
        const error = a - b
        missed += error * error
        yy += b * b
        xy += a * b
        bias[c]! += error
      }
      const xx = block.square[row]!
      const cosine = xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0
      const ratio = xx > 0 ? Math.sqrt(yy / xx) : 0
      total += missed
      const legacy = block.spread[row]! > 0 ? 1 - missed / block.spread[row]! : 0
      for (const [g, sum] of groups.entries()) {
        const group = block.groups[g]![row]!
        sum.active[group]! += active[row]!
        sum.error[group]! += missed
        sum.cosine[group]! += cosine
        sum.legacy[group]! += legacy
        sum.output[group]! += yy
        sum.product[group]! += xy
        sum.ratio[group]! += ratio
      }
    }
    if (block.totalSpread > 0) {
      const constant = bias.reduce((sum, b) => sum + b * b, 0) / rows
      blocks.batch.push(1 - total / block.totalSpread)
      blocks.centred.push(1 - (total - constant) / block.totalSpread)
    }
  }
  return { add, groups, blocks }
}
export type ErrorSums = ReturnType<typeof makeErrorSums>
