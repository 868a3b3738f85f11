/** The interval of a plain mean over units of one kind. */
import { bootstrapIntervals, drawnSum, type Interval } from "./bootstrap.ts"
import type { Rng } from "../random/rng.ts"

/**
 * @param values of each unit; a share is the mean of ones and zeros
 * @returns undefined where there are fewer than 8 units, or where all are alike
 */
export const meanInterval = (values: ArrayLike<number>, rng: Rng): Interval | undefined => {
  const first = values[0]
  // Draws of units that are all alike tell nothing, and need not be made.
  if (Array.prototype.every.call(values, (value) => value === first)) return undefined
  const mean = (times: Int32Array) => ({ mean: drawnSum(times, values) / values.length })
  return bootstrapIntervals([values.length], mean, rng)["mean"]
}

/** Of `count` of so many that are of a kind: a share, as the mean of ones and zeros. */
export const shareInterval = (count: number, of: number, rng: Rng): Interval | undefined =>
  meanInterval(new Uint8Array(of).fill(1, 0, count), rng)
