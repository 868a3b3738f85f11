/** A graph for a terminal: rails on the left; name, matrix, kind and state on the right, in colours where there are any. */
import { formatTable } from "../render/words.ts"
import type { GraphNode, NodeState } from "./graph-node.ts"
import { axesText, leadingState, nameText, stateText } from "./node-label.ts"
import { railLines } from "./rail-lines.ts"

/** Told apart without colours, too. */
const marks: Readonly<Record<NodeState, string>> = { hit: "●", run: "○", unknown: "◐", running: "◉", failed: "✗" }

export type Paint = (state: NodeState, text: string) => string

export const terminalGraph = (nodes: ReadonlyArray<GraphNode>, paint: Paint): string => {
  const painted = (node: GraphNode, text: string): string => {
    const state = leadingState(node)
    return state === undefined || text === "" ? text : paint(state, text)
  }
  const states = nodes.map(leadingState)
  const rails = railLines(
    nodes,
    states.map((state) => (state === undefined ? "●" : marks[state]))
  )
  const labels = formatTable(nodes.map((node) => [nameText(node), axesText(node), node.kind])).split("\n")
  const wide = Math.max(0, ...labels.map((label) => label.length))
  return nodes
    .map((node, i) => {
      const mark = states[i] === undefined ? "●" : marks[states[i]]
      const rail = (rails[i] ?? "").replace(mark, painted(node, mark))
      const state = stateText(node)
      const label = labels[i] ?? ""
      return `${rail} ${state === "" ? label : `${label.padEnd(wide)}  ${painted(node, state)}`}`.trimEnd()
    })
    .join("\n")
}
