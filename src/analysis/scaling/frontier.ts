/** Of trainings of several costs those that no cheaper one is as good as: what the loss by compute is read from. */
export const frontier = <P extends { readonly x: number; readonly y: number }>(
  points: ReadonlyArray<P>
): ReadonlyArray<P> => {
  let best = Number.POSITIVE_INFINITY
  return points
    .toSorted((a, b) => a.x - b.x || a.y - b.y)
    .filter(({ y }) => {
      if (y >= best) return false
      best = y
      return true
    })
}
