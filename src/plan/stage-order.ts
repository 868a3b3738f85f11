/** The order in which stages can be expanded, and the cycles that leave none. */

export interface StageOrder {
  /** Every stage after those it refers to, as far as cycles allow. */
  readonly order: ReadonlyArray<string>
  /** Each as a path that ends where it began: `["a", "b", "a"]`. */
  readonly cycles: ReadonlyArray<ReadonlyArray<string>>
}

/** @param needs Stage -> stages that it refers to, in the order of declaration. */
export const stageOrder = (needs: ReadonlyMap<string, ReadonlyArray<string>>): StageOrder => {
  const order: Array<string> = []
  const cycles: Array<ReadonlyArray<string>> = []
  const state = new Map<string, "open" | "done">()
  const path: Array<string> = []
  const visit = (stage: string): void => {
    const known = state.get(stage)
    if (known === "open") cycles.push([...path.slice(path.indexOf(stage)), stage])
    if (known !== undefined) return
    state.set(stage, "open")
    path.push(stage)
    for (const need of needs.get(stage) ?? []) visit(need)
    path.pop()
    state.set(stage, "done")
    order.push(stage)
  }
  for (const stage of needs.keys()) visit(stage)
  return { order, cycles }
}
