/** What a crosscoder costs the models of its sources: each one's own figures, and their mean, with intervals over contexts. */
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { flatMetrics, measured, numbersOf, withIntervals } from "../../stage/metric.ts"
import { contextFigures, crossEntropyFigures } from "./cross-entropy-figures.ts"
import type { AblationSums } from "./measure-ablations.ts"
import type { SplicedSums } from "./spliced-losses.ts"

export interface SourceLosses {
  readonly hook: string
  readonly ablations: AblationSums
  readonly spliced: SplicedSums
}

/** As `evaluate-sae` calls them. */
const overSources = [
  "kl_sae",
  "kl_zero",
  "kl_mean",
  "kl_resample",
  "kl_recovered",
  "kl_recovered_mean",
  "kl_recovered_resample"
] as const

/** @param sources on the same contexts; @returns metrics, and of each source its own numbers, as evaluate-sae names them */
export const sourceLossFigures = (sources: ReadonlyArray<SourceLosses>) => {
  const contexts = sources[0]?.ablations.targets.length ?? 0
  const each = sources.map(({ ablations, spliced }) => contextFigures(ablations, [spliced]))
  const figures = (times: Int32Array): Readonly<Record<string, number>> => {
    const drawn = each.map((of) => of(times).each[0] as Readonly<Record<string, number>>)
    const values = (name: string): ReadonlyArray<number> => drawn.map((of) => of[name] ?? Number.NaN)
    return {
      ...Object.fromEntries(
        overSources.map((name) => [name, values(name).reduce((sum, value) => sum + value, 0) / drawn.length])
      ),
      kl_recovered_mean_least: Math.min(...values("kl_recovered_mean"))
    }
  }
  const found = figures(new Int32Array(contexts).fill(1))
  const intervals = bootstrapIntervals([contexts], figures, Rng.make(0, "intervals of a crosscoder's losses"))
  const metrics = Object.fromEntries(
    Object.entries(found).map(([name, value]) => [
      name,
      measured(value, "a divergence is not finite, or an ablation does nothing to a model")
    ])
  )
  return {
    metrics: withIntervals(metrics, intervals),
    sources: sources.map(({ ablations, spliced, hook }) =>
      numbersOf(flatMetrics(crossEntropyFigures(ablations, [spliced], hook).saes[0] ?? {}))
    )
  }
}
