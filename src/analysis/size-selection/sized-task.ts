/** One task over sizes: the mean of each size with its interval, which is best, and whether by more than the noise. */
import type { SizedTask } from "../../kinds/size-selection.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { seedInterval } from "../../numeric/seed-interval.ts"

export interface SizedResult {
  readonly d_sae: number
  readonly value: number
  readonly interval: Interval | undefined
}

const half = ({ low, high }: Interval): number => (high - low) / 2

/**
 * The noise of a difference is that of two independent means: the root of the sum of their squared half widths.
 *
 * @param results one for each SAE; several of one size are taken as seeds
 */
export const sizedTask = (
  task: Pick<SizedTask, "name" | "metric" | "better">,
  results: ReadonlyArray<SizedResult>
): SizedTask => {
  const sizes = [...new Set(results.map(({ d_sae }) => d_sae))]
    .toSorted((a, b) => a - b)
    .map((d_sae) => {
      const own = results.filter((result) => result.d_sae === d_sae)
      const values = own.map(({ value }) => value)
      const spread = values.length > 1 ? seedInterval(values) : own[0]?.interval
      return {
        d_sae,
        saes: values.length,
        value: values.reduce((sum, value) => sum + value, 0) / values.length,
        interval: spread === undefined ? null : { low: spread.low, high: spread.high }
      }
    })
  const sign = task.better === "lower" ? -1 : 1
  const [first, second] = sizes.toSorted((a, b) => sign * (b.value - a.value))
  if (task.better === "neither" || first === undefined || second === undefined) return { ...task, sizes, best: null }
  const noise =
    first.interval === null || second.interval === null ? null : Math.hypot(half(first.interval), half(second.interval))
  return {
    ...task,
    sizes,
    best: { d_sae: first.d_sae, next: second.d_sae, by: sign * (first.value - second.value), noise }
  }
}
