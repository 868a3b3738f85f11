/** Rows that are sparse sums of hidden unit directions plus a mean: what an SAE is made to find. */
import * as Rng from "../../src/random/rng.ts"

export interface SyntheticRows {
  /** [rows, d_in] */
  readonly data: Float32Array<ArrayBuffer>
  readonly d_in: number
}

export const syntheticRows = (options: {
  readonly rows: number
  readonly d_in: number
  readonly directions: number
  /** Directions in each row. */
  readonly active: number
  /** Added to every number. */
  readonly mean?: number
  readonly seed: number
}): SyntheticRows => {
  const { rows, d_in, directions, active, mean = 0 } = options
  const rng = Rng.make(options.seed, "synthetic rows")
  const unit = Array.from({ length: directions }, () => {
    const row = Array.from({ length: d_in }, () => rng.normal())
    const norm = Math.hypot(...row)
    return row.map((x) => x / norm)
  })
  const data = new Float32Array(rows * d_in).fill(mean)
  for (let i = 0; i < rows; i++) {
    for (let n = 0; n < active; n++) {
      const size = 1 + rng.float()
      for (const [c, x] of (unit[rng.int(directions)] as ReadonlyArray<number>).entries()) {
        data[i * d_in + c] = (data[i * d_in + c] as number) + size * x
      }
    }
  }
  return { data, d_in }
}
