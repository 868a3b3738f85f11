/** How far the figures of a stitching would move with other latents of the same kind: the large SAE's are drawn again. */
import { type Intervals, toldIntervals } from "../../artifact/intervals.ts"
import type { StitchingFile } from "../../kinds/stitching.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import { drawnAuc } from "../../numeric/roc.ts"
import * as Rng from "../../random/rng.ts"

/** Of `novel_fraction` over all latents, and of `proxy_auc` over those that fired. */
export const latentIntervals = ({ delta_mse, density, cosine }: StitchingFile["latents"]): Intervals => {
  const novel = delta_mse.map((change) => (change < 0 ? 1 : 0))
  const order = [...cosine.keys()].filter((j) => density[j]! > 0).toSorted((a, b) => cosine[a]! - cosine[b]!)
  const scores = order.map((j) => -cosine[j]!)
  const positive = order.map((j) => novel[j]!)
  return toldIntervals(
    bootstrapIntervals(
      [novel.length],
      (times) => ({
        novel_fraction: drawnSum(times, novel) / novel.length,
        proxy_auc: drawnAuc(
          scores,
          positive,
          order.map((j) => times[j]!)
        )
      }),
      Rng.make(0, "intervals of stitching")
    )
  )
}
