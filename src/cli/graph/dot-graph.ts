/** A graph in Graphviz's language: `pipeline graph FILE --dot | dot -Tsvg > graph.svg`. */
import type { GraphNode, NodeState } from "./graph-node.ts"
import { axesText, leadingState, nameText, stateText } from "./node-label.ts"

const colours: Readonly<Record<NodeState, string>> = {
  hit: "#d8f0dc",
  run: "#fff3cf",
  unknown: "#eef0f3",
  running: "#d9e8fb",
  failed: "#fbdcdc"
}

/** A label reads `\n`, `\N` and HTML entities: none of them may come out of a name. */
const quoted = (lines: ReadonlyArray<string>): string =>
  `"${lines.map((line) => line.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;")).join("\\n")}"`

/** @param name of the whole */
export const dotGraph = (name: string, nodes: ReadonlyArray<GraphNode>): string => {
  const ids = new Map(nodes.map((node, i) => [node.name, `n${i}`]))
  return [
    `digraph ${quoted([name])} {`,
    '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"]',
    ...nodes.map((node) => {
      const lines = [nameText(node), axesText(node), node.kind, stateText(node)].filter((line) => line !== "")
      const state = leadingState(node)
      const colour = state === undefined ? "" : `, fillcolor="${colours[state]}"`
      return `  ${ids.get(node.name)} [label=${quoted(lines)}${colour}]`
    }),
    ...nodes.flatMap((node) =>
      node.needs.map((need) => `  ${ids.get(need.name)} -> ${ids.get(node.name)}${need.order ? " [style=dashed]" : ""}`)
    ),
    "}"
  ].join("\n")
}
