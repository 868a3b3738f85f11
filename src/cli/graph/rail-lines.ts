/**
 * A graph as lines of text, one a node, as version control draws history: what a node gives runs down a rail until the last
 * node that needs it has taken it. `├ ┼ ┤` take from a rail that goes on, `╰ ┴ ╯` from one that ends, and `─│─` passes over
 * one.
 */
export interface RailNode {
  readonly name: string
  readonly needs: ReadonlyArray<{ readonly name: string }>
}

const joints = {
  first: { goesOn: "├", ends: "╰" },
  middle: { goesOn: "┼", ends: "┴" },
  last: { goesOn: "┤", ends: "╯" }
} as const

/**
 * @param nodes each after all that it needs; needs that are not among them are left out
 * @param marks what stands for each node, one column wide
 * @returns a line a node, all of one width
 */
export const railLines = (nodes: ReadonlyArray<RailNode>, marks: ReadonlyArray<string>): ReadonlyArray<string> => {
  const open = new Map(nodes.map(({ name }) => [name, 0]))
  for (const { needs } of nodes) {
    for (const { name } of needs) if (open.has(name)) open.set(name, (open.get(name) ?? 0) + 1)
  }
  /** The node whose output runs down each rail. */
  const rails: Array<string | undefined> = []
  /** Rail of the last node where nothing needs that: what stands right below would look as if it did. */
  let blocked = -1
  const rows = nodes.map(({ name, needs }, index): ReadonlyArray<string> => {
    const taken = new Set(needs.map((need) => rails.indexOf(need.name)).filter((rail) => rail >= 0))
    for (const need of needs) open.set(need.name, (open.get(need.name) ?? 0) - 1)
    const ends = (rail: number): boolean => (open.get(rails[rail] ?? "") ?? 0) <= 0
    const freed = [...taken].filter(ends).toSorted((a, b) => a - b)
    let own = freed[0] ?? rails.findIndex((held, rail) => held === undefined && rail !== blocked)
    if (own < 0) own = rails.length === blocked ? rails.length + 1 : rails.length
    const reach = [own, ...taken]
    const [from, to] = [Math.min(...reach), Math.max(...reach)]
    const cells: Array<string> = []
    for (let rail = 0; rail < Math.max(rails.length, own + 1); rail++) {
      const crossed = rail > from && rail < to
      const side = rail === from ? "first" : rail === to ? "last" : "middle"
      if (rail === own) cells.push(marks[index] ?? "")
      else if (taken.has(rail)) cells.push(joints[side][ends(rail) ? "ends" : "goesOn"])
      else cells.push(rails[rail] === undefined ? (crossed ? "─" : " ") : "│")
      cells.push(rail >= from && rail < to ? "─" : " ")
    }
    for (const rail of freed) rails[rail] = undefined
    const needed = (open.get(name) ?? 0) > 0
    rails[own] = needed ? name : undefined
    blocked = needed ? -1 : own
    while (rails.length > 0 && rails.at(-1) === undefined) rails.pop()
    return cells
  })
  const width = Math.max(0, ...rows.map((cells) => cells.length))
  return rows.map((cells) => cells.join("") + " ".repeat(width - cells.length))
}
