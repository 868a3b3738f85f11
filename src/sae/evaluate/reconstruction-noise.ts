/** How far reconstruction metrics would move with other held-out text: sums of each unit, and intervals from them. */
import { bootstrapIntervals, drawnSum, type Interval } from "../../numeric/bootstrap.ts"
import type { Rng } from "../../random/rng.ts"
import type { HeldOutUnits } from "./held-out-units.ts"

export interface ReconstructionNoise {
  /**
   * @param at document and position of each row
   * @param x [rows, d], row-major
   * @param active number of latents that fire on each row
   */
  readonly add: (
    at: { readonly document: Int32Array; readonly position: Int32Array },
    x: Float32Array,
    xHat: Float32Array,
    active: Int32Array
  ) => void
  /**
   * Of `l0`, `mse`, `cosine` and `explained_variance`. The mean that variance is about is that of all the rows: drawing it
   * again too alters an interval by one part in the number of units.
   */
  readonly intervals: (rng: Rng) => Readonly<Record<string, Interval | undefined>>
}

export const makeReconstructionNoise = (units: HeldOutUnits, d: number): ReconstructionNoise => {
  const of = () => new Float64Array(units.count)
  const [rows, active, error, cosine, square] = [of(), of(), of(), of(), of()]
  // About the first row, as the metrics themselves are summed.
  const shift = new Float64Array(units.count * d)
  let pivot: Float32Array | undefined

  const add: ReconstructionNoise["add"] = ({ document, position }, x, xHat, fired) => {
    pivot ??= x.slice(0, d)
    for (let row = 0; row * d < x.length; row++) {
      const u = units.of(document[row] as number, position[row] as number)
      let [missed, spread, xx, yy, xy] = [0, 0, 0, 0, 0]
      for (let c = 0; c < d; c++) {
        const a = x[row * d + c] as number
        const b = xHat[row * d + c] as number
        const shifted = a - (pivot[c] as number)
        shift[u * d + c] = (shift[u * d + c] as number) + shifted
        spread += shifted * shifted
        missed += (a - b) ** 2
        xx += a * a
        yy += b * b
        xy += a * b
      }
      rows[u] = (rows[u] as number) + 1
      active[u] = (active[u] as number) + (fired[row] as number)
      error[u] = (error[u] as number) + missed
      square[u] = (square[u] as number) + spread
      cosine[u] = (cosine[u] as number) + (xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0)
    }
  }

  /** Of each unit: its rows' squared distances from the mean of all the rows. */
  const spreads = (): Float64Array => {
    const total = rows.reduce((sum, n) => sum + n, 0)
    const mean = new Float64Array(d)
    for (let at = 0; at < shift.length; at++) mean[at % d] = (mean[at % d] as number) + (shift[at] as number) / total
    const length = mean.reduce((sum, m) => sum + m * m, 0)
    return square.map((sum, u) => {
      let along = 0
      for (let c = 0; c < d; c++) along += (shift[u * d + c] as number) * (mean[c] as number)
      return sum - 2 * along + (rows[u] as number) * length
    })
  }

  const intervals: ReconstructionNoise["intervals"] = (rng) => {
    const variance = spreads()
    const filled = Array.from(rows.keys()).filter((u) => (rows[u] as number) > 0)
    const [n, l0, mse, cos, spread] = [rows, active, error, cosine, variance].map((sums) =>
      filled.map((u) => sums[u] as number)
    ) as [Array<number>, Array<number>, Array<number>, Array<number>, Array<number>]
    return bootstrapIntervals(
      [filled.length],
      (times) => {
        const count = drawnSum(times, n)
        const missed = drawnSum(times, mse)
        return {
          l0: drawnSum(times, l0) / count,
          mse: missed / count,
          cosine: drawnSum(times, cos) / count,
          explained_variance: 1 - missed / drawnSum(times, spread)
        }
      },
      rng
    )
  }
  return { add, intervals }
}
