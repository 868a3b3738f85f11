/** One task over sizes: the mean of each size with its interval, which is best, and whether by more than the noise. */
import type { SizedTask } from "../../kinds/size-selection.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { differenceNoise } from "../../numeric/difference-noise.ts"
import { seedInterval } from "../../numeric/seed-interval.ts"

export interface SizedResult {
  readonly d_sae: number
  readonly value: number
  readonly interval: Interval | undefined
}

/**
 * The noise of a difference is as everywhere (`differenceNoise`): of the halves of both intervals that face each other.
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
    first.interval === null || second.interval === null
      ? null
      : differenceNoise({ value: first.value, ...first.interval }, { value: second.value, ...second.interval })
  return {
    ...task,
    sizes,
    best: { d_sae: first.d_sae, next: second.d_sae, by: sign * (first.value - second.value), noise }
  }
}
