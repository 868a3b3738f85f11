/** The contexts that a dashboard's examples are from, so that more can be read around an example than was kept of it. */

export interface DashboardText {
  readonly contextSize: number
  /** Ids at the start of every context that are no text: 1 where contexts begin with BOS, else 0. */
  readonly leading: number
  /** Numbers of the contexts that are kept, ascending. */
  readonly contexts: Int32Array
  /** [contexts, contextSize], row-major. */
  readonly ids: Int32Array
}

/** The ids of the context that holds `position` of the token stream; undefined where it is not kept. */
export const contextAt = ({ contextSize, contexts, ids }: DashboardText, position: number): Int32Array | undefined => {
  const wanted = Math.floor(position / contextSize)
  let [low, high] = [0, contexts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((contexts[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return contexts[low] === wanted ? ids.subarray(low * contextSize, (low + 1) * contextSize) : undefined
}
