/** How many patches halve the divergence: what dictionaries are compared by. */
export interface PatchCurvePoint {
  /** Directions patched, or the length of what they add. */
  readonly x: number
  readonly kl: number
}

/**
 * Straight between the points by ascending x, of which the first has nothing patched.
 *
 * @returns x where the divergence first is half of what it is at first; NaN where it never is
 */
export const patchesToHalf = (points: ReadonlyArray<PatchCurvePoint>): number => {
  const half = points[0]!.kl / 2
  for (const [n, point] of points.entries()) {
    if (n === 0 || point.kl > half) continue
    const before = points[n - 1]!
    return before.x + ((before.kl - half) / (before.kl - point.kl)) * (point.x - before.x)
  }
  return Number.NaN
}
