/** The interval of a median over units of one kind. */
import { bootstrapIntervals, type Interval } from "./bootstrap.ts"
import type { Rng } from "../random/rng.ts"

/** The lower of the two middle ones where their number is even. @param values at least one */
export const medianInterval = (
  values: ArrayLike<number>,
  rng: Rng
): { readonly median: number; readonly interval: Interval | undefined } => {
  const sorted = Float64Array.from(values).toSorted()
  const middle = (times: ArrayLike<number>): number => {
    let [at, seen] = [0, times[0] as number]
    while (2 * seen < sorted.length) seen += times[++at] as number
    return sorted[at] as number
  }
  return {
    median: middle(new Int32Array(sorted.length).fill(1)),
    interval: bootstrapIntervals([sorted.length], (times) => ({ median: middle(times) }), rng)["median"]
  }
}
