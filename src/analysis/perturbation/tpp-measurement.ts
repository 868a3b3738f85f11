/** Targeted probe perturbation of one dictionary: numbers of latents ablated, the controls, intervals over documents. */
import * as Effect from "effect/Effect"
import type { Interval } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import { documentIntervals } from "./document-intervals.ts"
import type { OpenedTexts } from "./open-texts.ts"
import { ablatedNumbers } from "./perturbation-params.ts"
import { controlDraws, overDraws, randomLatents } from "./random-latents.ts"
import type { PerturbedProbes } from "./tpp-figures.ts"

/** By name of the metric; the interval of the control is over its draws of latents. */
export interface TppMeasurement {
  readonly values: Readonly<Record<string, number>>
  readonly intervals: Readonly<Record<string, Interval | undefined>>
}

const ablateStrongest = ({ ablate, ranked }: PerturbedProbes, n: number): ReturnType<PerturbedProbes["ablate"]> =>
  ablate(ranked.map((latents) => latents.slice(0, n)))

/** @param dealt the control: the same of documents that are dealt out to the classes anew */
export const measureTpp = Effect.fnUntraced(function* (
  probed: PerturbedProbes,
  dealt: PerturbedProbes,
  { d_sae, classes, documents }: OpenedTexts,
  seed: number
) {
  const draw = randomLatents(classes, seed)
  const measured = ablatedNumbers
    .filter((n) => n <= d_sae)
    .map((n) => ({
      n,
      random: Array.from({ length: controlDraws }, () => probed.ablate(classes.map(() => draw(n)))),
      own: ablateStrongest(probed, n),
      dealt: ablateStrongest(dealt, n)
    }))
  yield* breathe
  const statistics = (times: ArrayLike<number>): Record<string, number> =>
    Object.fromEntries(
      measured.flatMap(({ n, own, dealt: anew }) => {
        const { total, intended, unintended } = own(times)
        return [
          [`tpp_threshold_${n}_total_metric`, total],
          [`tpp_threshold_${n}_intended_diff_only`, intended],
          [`tpp_threshold_${n}_unintended_diff_only`, unintended],
          [`tpp_threshold_${n}_shuffled`, anew(times).total]
        ] as const
      })
    )
  const whole = new Int32Array(documents).fill(1)
  const control = measured.map(({ n, random }) =>
    overDraws(
      `tpp_threshold_${n}_random`,
      random.map((each) => each(whole).total)
    )
  )
  const measurement: TppMeasurement = {
    values: { ...statistics(whole), ...Object.fromEntries(control.map(({ name, mean }) => [name, mean])) },
    intervals: {
      ...documentIntervals(classes, documents, statistics, Rng.make(seed, "intervals of perturbed probes")),
      ...Object.fromEntries(control.map(({ name, interval }) => [name, interval]))
    }
  }
  return measurement
})
