/**
 * The metrics that follow from losses of contexts: nats a token, and the share of each ablation's cost that an SAE recovers.
 *
 *   CE recovered = (CE_ablated - CE_sae) / (CE_ablated - CE_clean)
 *
 * Source: SAEBench `core`, SAELens `evals.py` (both: zeros).
 */
import { bootstrapIntervals, drawnSum, type Interval } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { measured, type Unmeasured, withIntervals } from "../../stage/metric.ts"
import { lossRecovered } from "./loss-recovered.ts"
import { type AblationName, ablationNames, type AblationSums } from "./measure-ablations.ts"
import type { SplicedSums } from "./spliced-losses.ts"

/** What stands in the activation's place, as messages call it. */
const words: Readonly<Record<AblationName, string>> = {
  zero: "zeros",
  mean: "mean activations",
  resample: "other tokens' activations"
}
/** Metrics against zeros have the plain names, by which other libraries call them. */
const suffix = (name: AblationName): string => (name === "zero" ? "" : `_${name}`)

const losses = ["ce", "kl"] as const
type Figures = Readonly<Record<string, number>>
/** By metric: sums of each context. */
type Sums = Readonly<Record<string, Float64Array>>

const numbers = (sums: ReadonlyArray<number | null>): Float64Array =>
  Float64Array.from(sums, (sum) => sum ?? Number.NaN)

const ablationSums = ({ ce, kl }: AblationSums): Sums => ({
  ce_clean: numbers(ce.clean),
  ...Object.fromEntries(ablationNames.map((name) => [`ce_${name}`, numbers(ce[name])])),
  ...(kl.zero.length === 0 ? {} : Object.fromEntries(ablationNames.map((name) => [`kl_${name}`, numbers(kl[name])])))
})
const saeSums = ({ ce, kl }: SplicedSums): Sums => ({
  ce_sae: numbers(ce),
  ...(kl === undefined ? {} : { kl_sae: numbers(kl) })
})

/** Means over the predictions of contexts, each as often as it was drawn. */
const meansOf = (sums: Sums, times: Int32Array, predictions: number): Figures =>
  Object.fromEntries(Object.entries(sums).map(([metric, each]) => [metric, drawnSum(times, each) / predictions]))

/** What each ablation costs the model. */
const harms = (figures: Figures): Figures =>
  Object.fromEntries(ablationNames.map((name) => [`harm_${name}`, figures[`ce_${name}`]! - figures["ce_clean"]!]))

/** What an SAE recovers; not finite where undefined. */
const recovered = (figures: Figures): Figures =>
  Object.fromEntries(
    losses.flatMap((loss) =>
      ablationNames.flatMap((name) => {
        const [sae, ablated] = [figures[`${loss}_sae`], figures[`${loss}_${name}`]]
        if (sae === undefined || ablated === undefined) return []
        const clean = loss === "ce" ? figures["ce_clean"]! : 0
        return [[`${loss}_recovered${suffix(name)}`, (ablated - sae) / (ablated - clean)]]
      })
    )
  )

/** The loss that a metric is of, and the ablation, where there is one. */
const subject = (metric: string) => ({
  loss: metric.slice(0, 2),
  ablation: ablationNames.find((name) => metric.endsWith(`_${name}`))
})

/** With a reason where a number is not finite, or undefined. */
const told = (
  figures: Figures,
  hook: string,
  harm: (ablation: AblationName) => Interval | undefined
): Readonly<Record<string, number | Unmeasured>> =>
  Object.fromEntries(
    Object.entries(figures).map(([metric, value]): [string, number | Unmeasured] => {
      const { loss, ablation } = subject(metric)
      if (!metric.includes("recovered")) {
        const what = ablation === undefined ? "the reconstruction" : words[ablation]
        const of = loss === "ce" ? "cross-entropy" : "divergence"
        return [metric, measured(value, `the model's ${of} with ${what} at ${hook} is not finite`)]
      }
      const name = ablation ?? "zero"
      const clean = loss === "ce" ? figures["ce_clean"]! : 0
      const [sae, ablated] = [figures[`${loss}_sae`]!, figures[`${loss}_${name}`]!]
      // A divergence is above zero wherever anything differs: it has no noise about zero.
      const noise = loss === "ce" ? harm(name) : undefined
      return [metric, lossRecovered(clean, sae, ablated, `${words[name]} at ${hook}`, noise)]
    })
  )

/** Figures of the ablations, and of each SAE with them, by how often each context was drawn. */
export const contextFigures = (ablations: AblationSums, saes: ReadonlyArray<SplicedSums>) => {
  const [shared, own] = [ablationSums(ablations), saes.map(saeSums)]
  return (times: Int32Array) => {
    const predictions = drawnSum(times, ablations.targets)
    const ablated = meansOf(shared, times, predictions)
    const each = own.map((sums) => {
      const all = { ...ablated, ...meansOf(sums, times, predictions) }
      return { ...all, ...recovered(all) }
    })
    return { ablated, each }
  }
}

/**
 * Metrics of the ablations, and of each of several SAEs on the same contexts, with intervals over these.
 *
 * @param hook where something else took the activation's place
 */
export const crossEntropyFigures = (ablations: AblationSums, saes: ReadonlyArray<SplicedSums>, hook: string) => {
  const contexts = ablations.targets.length
  const figures = contextFigures(ablations, saes)
  const { ablated, each } = figures(new Int32Array(contexts).fill(1))
  const intervals = bootstrapIntervals(
    [contexts],
    (times) => {
      const drawn = figures(times)
      return Object.fromEntries(
        [{ ...drawn.ablated, ...harms(drawn.ablated) }, ...drawn.each].flatMap((all, i) =>
          Object.entries(all).map(([metric, value]) => [`${i} ${metric}`, value])
        )
      )
    },
    Rng.make(0, "intervals of cross-entropies")
  )
  const withOwn = (all: Figures, i: number) => {
    const of = Object.fromEntries(Object.keys(all).map((metric) => [metric, intervals[`${i} ${metric}`]]))
    return withIntervals(
      told(all, hook, (name) => intervals[`0 harm_${name}`]),
      of
    )
  }
  return { ablated: withOwn(ablated, 0), saes: each.map((all, i) => withOwn(all, i + 1)) }
}
