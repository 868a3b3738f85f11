/** The token that a latent is followed by more than chance would have it: what steering by that latent ought to bring about. */

/** Observed against expected, times the logarithm of their ratio; nothing was seen of nothing. */
const part = (observed: number, expected: number): number =>
  observed === 0 ? 0 : observed * Math.log(observed / expected)

/**
 * The token of the largest log-likelihood ratio G^2 (Dunning, "Accurate methods for the statistics of surprise and
 * coincidence", 1993) among those that follow firings more often than other tokens; the first of equals.
 *
 * @param after how often each token follows a firing
 * @param all how often it follows any token
 * @param least how often it has to follow a firing at least
 * @returns undefined where no token does
 */
export const followingToken = (
  after: ReadonlyMap<number, number>,
  all: ArrayLike<number>,
  least: number
): number | undefined => {
  const rows = Array.from(all).reduce((sum, n) => sum + n, 0)
  const firing = [...after.values()].reduce((sum, n) => sum + n, 0)
  let [best, largest]: [number | undefined, number] = [undefined, 0]
  for (const [token, both] of [...after].toSorted(([a], [b]) => a - b)) {
    const of = all[token]!
    if (both < least || both * rows <= firing * of) continue
    const others = rows - firing
    const score =
      part(both, (firing * of) / rows) +
      part(firing - both, (firing * (rows - of)) / rows) +
      part(of - both, (others * of) / rows) +
      part(others - of + both, (others * (rows - of)) / rows)
    if (score > largest) [best, largest] = [token, score]
  }
  return best
}
