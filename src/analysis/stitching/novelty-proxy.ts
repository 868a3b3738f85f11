/**
 * The cosine proxy of novelty: a latent of the large SAE whose nearest small latent is far is taken to be one that lowers the
 * MSE. How well that tells them apart (ROC), and the threshold of the cosine that the path's groups are made with.
 */
import type { ProxyPoint, StitchingFile } from "../../kinds/stitching.ts"
import { roc, type RocPoint } from "../../numeric/roc.ts"
import type { Nearest } from "../decoder-cosine.ts"

export interface ProxyOptions {
  /** Where the threshold of the cosine graph comes from. */
  readonly threshold_from: "youden" | "fixed"
  /** The fixed threshold: reported always, used where `threshold_from` is `fixed`. */
  readonly fixed_threshold: number
}

export interface NoveltyProxy {
  readonly threshold: number
  readonly figures: StitchingFile["proxy"]
}

/** Points of the ROC that are kept. */
const rocPoints = 200

const thinned = <A>(points: ReadonlyArray<A>, most: number): ReadonlyArray<A> =>
  points.length <= most
    ? points
    : Array.from({ length: most }, (_, n) => points[Math.round((n * (points.length - 1)) / (most - 1))]!)

/** Scores are cosines turned round. */
const pointOf = ({ threshold, true_positive_rate, false_positive_rate }: RocPoint): ProxyPoint => ({
  threshold: Number.isFinite(threshold) ? -threshold : -1,
  true_positive_rate,
  false_positive_rate
})

/**
 * @param cosine of each large latent to the nearest small one
 * @param density share of the rows on which it fires: those that never do are neither novel nor not
 * @param novel whether it lowers the MSE
 */
export const noveltyProxy = (
  cosine: Nearest["cosine"],
  density: ReadonlyArray<number>,
  novel: ReadonlyArray<boolean>,
  { threshold_from, fixed_threshold }: ProxyOptions
): NoveltyProxy => {
  const alive = density.flatMap((share, j) => (share > 0 ? [j] : []))
  const curve = roc(
    alive.map((j) => -cosine[j]!),
    alive.map((j) => novel[j]!)
  )
  const rateBelow = (wanted: boolean): number => {
    const among = alive.filter((j) => novel[j] === wanted)
    return among.length === 0 ? 0 : among.filter((j) => cosine[j]! <= fixed_threshold).length / among.length
  }
  const youden = pointOf(curve.youden)
  const fixed: ProxyPoint = {
    threshold: fixed_threshold,
    true_positive_rate: rateBelow(true),
    false_positive_rate: rateBelow(false)
  }
  const ofAll = roc(
    Array.from(cosine, (c) => -c),
    novel
  )
  return {
    threshold: threshold_from === "fixed" ? fixed.threshold : youden.threshold,
    figures: {
      auc: curve.auc,
      auc_all: ofAll.auc,
      roc: thinned(curve.points.map(pointOf).toReversed(), rocPoints),
      youden,
      fixed
    }
  }
}
