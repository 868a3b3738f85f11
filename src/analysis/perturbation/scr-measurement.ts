/** Spurious correlation removal of one dictionary: both directions with latents ablated, the control, intervals. */
import * as Rng from "../../random/rng.ts"
import { type Estimate, estimated, type Unmeasured } from "../../stage/metric.ts"
import { documentIntervals } from "./document-intervals.ts"
import type { OpenedTexts } from "./open-texts.ts"
import { ablatedNumbers } from "./perturbation-params.ts"
import { controlDraws, overDraws, randomLatents } from "./random-latents.ts"
import type { ScrDirection } from "./scr-figures.ts"

export type ScrMetrics = Readonly<Record<string, number | Estimate | Unmeasured>>

/** Below this gap of accuracies SAEBench says 0; here it is said that there is nothing to remove. */
const leastGap = 0.001

const gapOf = ({ clean, original }: ScrDirection): number => clean - original

/**
 * @param directions first attribute put right by ablating the second, and the other way round
 * @returns metrics by name, and the direction that the main one is of: in which the biased probe is worse, since there is more
 *   to put right
 */
export const measureScr = (
  directions: readonly [ScrDirection, ScrDirection],
  { d_sae, classes, documents }: OpenedTexts,
  seed: number
): { readonly metrics: ScrMetrics; readonly chosen: ScrDirection } => {
  const chosen = directions[0].original < directions[1].original ? 0 : 1
  const draw = randomLatents(classes, seed)
  const measured = ablatedNumbers
    .filter((n) => n <= d_sae)
    .map((n) => ({
      n,
      own: directions.map((direction) => direction.ablate(direction.ranked.slice(0, n))),
      random: Array.from({ length: controlDraws }, () => directions[chosen].ablate(draw(n)))
    }))
  const statistics = (times: ArrayLike<number>): Record<string, number> =>
    Object.fromEntries(
      measured.flatMap(({ n, own }) => [
        [`scr_metric_threshold_${n}`, own[chosen]!(times)],
        [`scr_dir1_threshold_${n}`, own[0]!(times)],
        [`scr_dir2_threshold_${n}`, own[1]!(times)]
      ])
    )
  const intervals = documentIntervals(
    classes,
    documents,
    statistics,
    Rng.make(seed, "intervals of removed correlations")
  )
  const whole = new Int32Array(documents).fill(1)
  const control = measured.map(({ n, random }) =>
    overDraws(
      `scr_random_threshold_${n}`,
      random.map((each) => each(whole))
    )
  )
  const all = { ...intervals, ...Object.fromEntries(control.map(({ name, interval }) => [name, interval])) }
  const told = (name: string, value: number): ScrMetrics[string] => {
    const direction = name.startsWith("scr_dir1") ? 0 : name.startsWith("scr_dir2") ? 1 : chosen
    return gapOf(directions[direction]) < leastGap
      ? { unmeasured: "the biased probe tells the attribute as well as its own probe: there is nothing to remove" }
      : estimated(value, all[name])
  }
  const values = [...Object.entries(statistics(whole)), ...control.map(({ name, mean }) => [name, mean] as const)]
  const tooMany = ablatedNumbers.filter((n) => n > d_sae)
  return {
    chosen: directions[chosen],
    metrics: {
      ...Object.fromEntries(values.map(([name, value]) => [name, told(name, value)])),
      ...Object.fromEntries(
        tooMany.map((n) => [`scr_metric_threshold_${n}`, { unmeasured: `the dictionary has ${d_sae} latents` }])
      )
    }
  }
}
