/** A mean over training runs that differ in their seeds alone. */
import type { Interval } from "./bootstrap.ts"
import { studentT } from "./student-t.ts"

/** What is said where there is an axis `seed` with one value. */
export const oneSeed =
  "one seed: there is no interval over seeds, and ± is over what each number was measured on; give seed two values or more"

/**
 * Mean, and its 95 % interval by Student's t: mean +- t s / sqrt(n), which takes values of different seeds as normal. From
 * two seeds it is some twenty times as wide as from ten of the same spread: that is how little two tell.
 *
 * @param values at least two
 */
export const seedInterval = (values: ReadonlyArray<number>): Interval & { readonly mean: number } => {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  const half = studentT(n - 1, 0.95) * Math.sqrt(variance / n)
  return { mean, low: mean - half, high: mean + half }
}
