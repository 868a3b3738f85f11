/** Receiver operating characteristic of a score against a yes/no label, with ties counted half. */

export interface RocPoint {
  /** Positive is predicted where the score is at least this. */
  readonly threshold: number
  readonly true_positive_rate: number
  readonly false_positive_rate: number
}

export interface Roc {
  /** Probability that a positive scores above a negative, ties half. 0.5 where a class is empty. */
  readonly auc: number
  /** One point a distinct score, by falling threshold. */
  readonly points: ReadonlyArray<RocPoint>
  /** The point with the largest true_positive_rate - false_positive_rate (the first of equals). */
  readonly youden: RocPoint
}

export const roc = (scores: ArrayLike<number>, positive: ArrayLike<boolean | number>): Roc => {
  const n = scores.length
  const order = Array.from({ length: n }, (_, i) => i).toSorted((a, b) => scores[b]! - scores[a]!)
  let positives = 0
  for (let i = 0; i < n; i++) if (positive[i]) positives++
  const negatives = n - positives
  const points: Array<RocPoint> = []
  let tp = 0
  let fp = 0
  let area = 0
  for (let i = 0; i < n;) {
    const threshold = scores[order[i]!]!
    const tpBefore = tp
    const fpBefore = fp
    for (; i < n && scores[order[i]!] === threshold; i++) {
      if (positive[order[i]!]) tp++
      else fp++
    }
    area += ((fp - fpBefore) * (tp + tpBefore)) / 2
    points.push({
      threshold,
      true_positive_rate: positives === 0 ? 0 : tp / positives,
      false_positive_rate: negatives === 0 ? 0 : fp / negatives
    })
  }
  const gain = (point: RocPoint): number => point.true_positive_rate - point.false_positive_rate
  const nothing: RocPoint = { threshold: Number.POSITIVE_INFINITY, true_positive_rate: 0, false_positive_rate: 0 }
  let youden = points[0] ?? nothing
  for (const point of points) if (gain(point) > gain(youden)) youden = point
  return { auc: positives === 0 || negatives === 0 ? 0.5 : area / (positives * negatives), points, youden }
}

/**
 * The area alone, of scores that are sorted already, each counted `times`.
 *
 * @param scores falling
 * @returns NaN where a class is empty
 */
export const drawnAuc = (
  scores: ReadonlyArray<number>,
  positive: ReadonlyArray<number>,
  times: ReadonlyArray<number>
): number => {
  let [tp, fp, area] = [0, 0, 0]
  for (let i = 0; i < scores.length;) {
    const score = scores[i]
    let [more, wrong] = [0, 0]
    for (; i < scores.length && scores[i] === score; i++) {
      if (positive[i]) more += times[i]!
      else wrong += times[i]!
    }
    area += wrong * (tp + more / 2)
    tp += more
    fp += wrong
  }
  return area / (tp * fp)
}
