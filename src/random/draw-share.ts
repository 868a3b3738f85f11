/**
 * Draws members, in a given order, until their sizes make up a share of the whole. A member that would overshoot the share
 * is passed over: one that is larger than the share is never drawn, however early it comes.
 *
 * @param sizes of all members
 * @param order numbers of the members that may be drawn
 * @param wanted sum of sizes
 * @param slack part of `wanted` by which the sum may exceed it
 */
export const drawShare = (
  sizes: ArrayLike<number>,
  order: Iterable<number>,
  wanted: number,
  slack = 0
): { readonly drawn: ReadonlyArray<number>; readonly sum: number } => {
  const drawn: Array<number> = []
  // A share such as 0.1 of ten equal members is one of them, whatever the rounding.
  const most = wanted * (1 + slack) * (1 + 1e-12)
  let sum = 0
  for (const member of order) {
    if (sum >= wanted) break
    const size = sizes[member] as number
    if (sum + size > most) continue
    drawn.push(member)
    sum += size
  }
  return { drawn, sum }
}
