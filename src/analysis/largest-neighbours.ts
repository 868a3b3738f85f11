/** The `most` largest of the candidates' weights, ties by number. */
export const largestNeighbours = (
  candidates: ArrayLike<number>,
  count: number,
  weight: (id: number) => number,
  most: number
): readonly [ids: Array<number>, weights: Array<number>] => {
  const ids: Array<number> = []
  const weights: Array<number> = []
  for (let n = 0; n < count; n++) {
    const id = candidates[n] as number
    const w = weight(id)
    if (ids.length === most && !(w > weights[most - 1]! || (w === weights[most - 1] && id < ids[most - 1]!))) continue
    let at = ids.length === most ? most - 1 : ids.length
    while (at > 0 && (w > weights[at - 1]! || (w === weights[at - 1] && id < ids[at - 1]!))) {
      ids[at] = ids[at - 1]!
      weights[at] = weights[at - 1]!
      at--
    }
    ids[at] = id
    weights[at] = w
  }
  return [ids, weights]
}
