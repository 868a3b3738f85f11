/**
 * Mutual information of a number and a yes/no label from nearest neighbours (Ross 2014, "Mutual information between discrete and
 * continuous data sets"; scikit-learn's `mutual_info_classif`). Of a value that several rows have, a latent that is silent, all of them
 * are its neighbours, as in Gao et al. 2017 (arXiv 1709.06212); scikit-learn breaks such ties by noise.
 */

/** The first of a sorted array for which `holds`, which then holds for all after it. */
const firstWhere = (sorted: Float64Array, holds: (value: number) => boolean): number => {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(sorted[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * @param neighbours of the same label that make up a neighbourhood
 * @returns nats, at least 0; a label that one row alone has is left out
 */
export const mutualInformation = (
  values: ArrayLike<number>,
  positive: ReadonlyArray<boolean>,
  neighbours = 3
): number => {
  const classes = [true, false]
    .map((wanted) =>
      Float64Array.from(values)
        .filter((_, i) => positive[i] === wanted)
        .toSorted()
    )
    .filter(({ length }) => length > 1)
  const all = Float64Array.from(classes.flatMap((own) => [...own])).toSorted()
  // psi(n) less psi(1): Euler's constant cancels.
  const harmonic = new Float64Array(all.length + 1)
  for (let n = 2; n < harmonic.length; n++) harmonic[n] = harmonic[n - 1]! + 1 / (n - 1)
  let sum = 0
  for (const own of classes) {
    const k = Math.min(neighbours, own.length - 1)
    for (const [p, value] of own.entries()) {
      let radius = Number.POSITIVE_INFINITY
      for (let first = Math.max(0, p - k); first <= p && first + k < own.length; first++) {
        radius = Math.min(radius, Math.max(value - own[first]!, own[first + k]! - value))
      }
      const within = (sorted: Float64Array): number =>
        radius === 0
          ? firstWhere(sorted, (x) => x > value) - firstWhere(sorted, (x) => x >= value) - 1
          : firstWhere(sorted, (x) => x - value >= radius) - firstWhere(sorted, (x) => value - x < radius)
      sum += harmonic[radius === 0 ? within(own) : k]! - harmonic[own.length]! - harmonic[within(all)]!
    }
  }
  return all.length === 0 ? 0 : Math.max(0, harmonic[all.length]! + sum / all.length)
}
