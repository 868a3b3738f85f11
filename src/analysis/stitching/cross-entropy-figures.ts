/** Cross-entropies of stitched SAEs with their intervals, and whether latents that lower the MSE lower the cross-entropy. */
import type { StitchingCrossEntropy } from "../../kinds/stitching.ts"
import { bootstrapIntervals, drawnSum, type Interval } from "../../numeric/bootstrap.ts"
import { spearman } from "../../numeric/correlation.ts"
import * as Rng from "../../random/rng.ts"
import type { Along } from "./stitch-check.ts"
import type { ContextLosses } from "./stitched-cross-entropy.ts"

/** `most` latents that fire, evenly over the order of what they do to the MSE. */
export const sampledCandidates = (
  { delta_mse, density }: { readonly delta_mse: ReadonlyArray<number>; readonly density: ReadonlyArray<number> },
  most: number
): ReadonlyArray<number> => {
  const order = [...delta_mse.keys()]
    .filter((j) => density[j]! > 0)
    .toSorted((a, b) => delta_mse[a]! - delta_mse[b]! || a - b)
  return order.length <= most
    ? order
    : Array.from({ length: most }, (_, n) => order[Math.round((n * (order.length - 1)) / Math.max(1, most - 1))]!)
}

const ends = (interval: Interval | undefined) => ({ low: interval?.low ?? null, high: interval?.high ?? null })

/** @param losses of the steps of `along`, the small SAE first, then of the small SAE with each candidate */
export const crossEntropyFigures = (
  { targets, clean, stitched }: ContextLosses,
  along: ReadonlyArray<Along>,
  candidates: ReadonlyArray<number>,
  delta_mse: ReadonlyArray<number>
): {
  readonly file: StitchingCrossEntropy
  /** Of the large SAE's cross-entropy from the small one's, on the same contexts. */
  readonly change: number
  readonly changeInterval: Interval | undefined
  readonly correlation: number | undefined
  readonly interval: Interval | undefined
} => {
  const counted = targets.reduce((sum, n) => sum + n, 0)
  const mean = (sums: ReadonlyArray<number>): number => sums.reduce((sum, loss) => sum + loss, 0) / counted
  /** Of sums over contexts, and of differences of two. */
  const interval = (sums: ReadonlyArray<number>): Interval | undefined =>
    bootstrapIntervals(
      [targets.length],
      (times) => ({ value: drawnSum(times, sums) / drawnSum(times, targets) }),
      Rng.make(0, "intervals of cross-entropies of stitched SAEs")
    )["value"]
  /** Contexts differ in how hard they are for the model as it is: that is no noise of what SAEs cost. */
  const beyondClean = (sums: ReadonlyArray<number>): Interval | undefined => {
    const cost = interval(sums.map((loss, c) => loss - clean[c]!))
    return cost && { low: mean(clean) + cost.low, high: mean(clean) + cost.high }
  }
  const [small] = stitched as readonly [ReadonlyArray<number>, ...Array<ReadonlyArray<number>>]
  const tried = candidates.map((latent, n) => {
    const change = stitched[along.length + n]!.map((loss, c) => loss - small[c]!)
    return { latent, delta_mse: delta_mse[latent]!, delta_ce: mean(change), ...ends(interval(change)) }
  })
  const change = stitched[along.length - 1]!.map((loss, c) => loss - small[c]!)
  const [byMse, byCe] = [tried.map((each) => each.delta_mse), tried.map((each) => each.delta_ce)]
  const drawn = bootstrapIntervals(
    [tried.length],
    (times) => {
      const taken = Array.from(times).flatMap((n, i) => Array.from({ length: n }, () => i))
      const rank = spearman(
        taken.map((i) => byMse[i]!),
        taken.map((i) => byCe[i]!)
      )
      return { rank: rank ?? Number.NaN }
    },
    Rng.make(0, "interval of a correlation over candidates")
  )
  return {
    file: {
      contexts: targets.length,
      targets: counted,
      clean: mean(clean),
      path: along.map(({ step, latents }, n) => ({
        step,
        latents,
        ce: mean(stitched[n]!),
        ...ends(beyondClean(stitched[n]!))
      })),
      candidates: tried
    },
    change: mean(change),
    changeInterval: interval(change),
    correlation: spearman(byMse, byCe),
    interval: drawn["rank"]
  }
}
