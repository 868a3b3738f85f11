/**
 * Places the stages of a pipeline from left to right: a stage stands right of everything it needs, and within a column
 * near the middle of what it needs, so that lines cross seldom.
 */

export interface GraphNode {
  readonly id: string
  /** Ids of the nodes that must be done first; ids that are not in the graph are ignored. */
  readonly needs: ReadonlyArray<string>
}

export interface PlacedNode<N extends GraphNode> {
  readonly node: N
  readonly column: number
  /** Place in the column, 0 on top; fractions centre a short column. */
  readonly row: number
}

export interface GraphLayout<N extends GraphNode> {
  readonly nodes: ReadonlyArray<PlacedNode<N>>
  readonly columns: number
  readonly rows: number
}

/** @throws RangeError on a cycle (a pipeline has none: the plan refuses it). */
export const layoutGraph = <N extends GraphNode>(graph: ReadonlyArray<N>): GraphLayout<N> => {
  const byId = new Map(graph.map((node) => [node.id, node]))
  const column = new Map<string, number>()
  const columnOf = (node: N, path: ReadonlySet<string>): number => {
    const known = column.get(node.id)
    if (known !== undefined) return known
    if (path.has(node.id)) throw new RangeError(`the graph has a cycle through ${node.id}`)
    const below = new Set([...path, node.id])
    const needed = node.needs.flatMap((id) => byId.get(id) ?? [])
    const place = needed.reduce((most, each) => Math.max(most, columnOf(each, below) + 1), 0)
    column.set(node.id, place)
    return place
  }
  const columns: Array<Array<N>> = []
  for (const node of graph) (columns[columnOf(node, new Set())] ??= []).push(node)

  const rows = Math.max(0, ...columns.map((nodes) => nodes.length))
  const row = new Map<string, number>()
  for (const nodes of columns) {
    const middle = (node: N): number => {
      const above = node.needs.flatMap((id) => row.get(id) ?? [])
      return above.length === 0 ? 0 : above.reduce((a, b) => a + b, 0) / above.length
    }
    const middles = new Map(nodes.map((node) => [node, middle(node)]))
    // The sort is stable: nodes with the same middle stay in the order of the pipeline.
    nodes.sort((a, b) => (middles.get(a) as number) - (middles.get(b) as number))
    for (const [i, node] of nodes.entries()) row.set(node.id, i + (rows - nodes.length) / 2)
  }
  return {
    nodes: graph.map((node) => ({
      node,
      column: column.get(node.id) as number,
      row: row.get(node.id) as number
    })),
    columns: columns.length,
    rows
  }
}
