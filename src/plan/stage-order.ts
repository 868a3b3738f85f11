/** The order in which stages can be expanded, and the cycles that leave none. */

export interface StageOrder {
  /** Every stage after those it refers to; stages on or below a cycle are left out. */
  readonly order: ReadonlyArray<string>
  /** Each as a path that ends where it began: `["a", "b", "a"]`. */
  readonly cycles: ReadonlyArray<ReadonlyArray<string>>
}

/** @param needs Stage -> stages that it refers to, in the order of declaration. */
export const stageOrder = (needs: ReadonlyMap<string, ReadonlyArray<string>>): StageOrder => {
  const order: Array<string> = []
  const cycles: Array<ReadonlyArray<string>> = []
  const state = new Map<string, "open" | "done" | "stuck">()
  const path: Array<string> = []
  const visit = (stage: string): boolean => {
    const known = state.get(stage)
    if (known === "open") {
      cycles.push([...path.slice(path.indexOf(stage)), stage])
      return false
    }
    if (known !== undefined) return known === "done"
    state.set(stage, "open")
    path.push(stage)
    // Every reference is followed, so that each cycle is found.
    const free = (needs.get(stage) ?? []).map(visit).every(Boolean)
    path.pop()
    state.set(stage, free ? "done" : "stuck")
    if (free) order.push(stage)
    return free
  }
  for (const stage of needs.keys()) visit(stage)
  return { order, cycles }
}
