/** A graph as a Mermaid flowchart, which GitHub, GitLab and most notebooks draw. Any name comes out as it is written. */
import type { GraphNode, NodeState } from "./graph-node.ts"
import { axesText, leadingState, nameText, stateText } from "./node-label.ts"

const colours: Readonly<Record<NodeState, string>> = {
  hit: "fill:#d8f0dc,stroke:#2b8a4b,color:#10301b",
  run: "fill:#fff3cf,stroke:#b98900,color:#3d2e00",
  unknown: "fill:#eef0f3,stroke:#7b8794,color:#252b31",
  running: "fill:#d9e8fb,stroke:#2f6fbf,color:#0f2a4a",
  failed: "fill:#fbdcdc,stroke:#c23b3b,color:#4a0f0f"
}

/** Inside a quoted label everything but plain characters is an entity: quotes, markup and Markdown mean nothing then. */
const escaped = (text: string): string =>
  text.replaceAll(/[^\p{L}\p{N} _.,=×-]/gu, (found) => `#${found.codePointAt(0) ?? 0};`)

export const mermaidGraph = (nodes: ReadonlyArray<GraphNode>): string => {
  const ids = new Map(nodes.map(({ name }, i) => [name, `n${i}`]))
  const used = [...new Set(nodes.flatMap((node) => leadingState(node) ?? []))]
  return [
    "flowchart TD",
    ...nodes.map((node) => {
      const lines = [nameText(node), axesText(node), `${node.kind}`, stateText(node)].filter((line) => line !== "")
      const state = leadingState(node)
      return `  ${ids.get(node.name)}["${lines.map(escaped).join("<br/>")}"]${state === undefined ? "" : `:::${state}`}`
    }),
    ...nodes.flatMap(({ name, needs }) =>
      needs.map((need) => `  ${ids.get(need.name)} ${need.order ? "-.->" : "-->"} ${ids.get(name)}`)
    ),
    ...used.map((state) => `  classDef ${state} ${colours[state]}`)
  ].join("\n")
}
