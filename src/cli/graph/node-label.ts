/** What stands beside or in a node, for every way of drawing. */
import { stateWords } from "./graph-node.ts"
import type { GraphNode, NodeState } from "./graph-node.ts"

/** What a terminal would take for a command, or would show as nothing, told by its code. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`)

/** `sae`, or `sae ×4`. */
export const nameText = ({ name, instances, axes }: GraphNode): string =>
  printable(axes.length === 0 ? name : `${name} ×${instances}`)

export const axesText = ({ axes }: GraphNode): string => printable(axes.join(" "))

/** `hit`; `1 failed, 3 hit` where instances differ; empty where nothing is known. */
export const stateText = ({ states }: GraphNode): string =>
  states.length === 1
    ? stateWords[(states[0] as readonly [NodeState, number])[0]]
    : states.map(([state, count]) => `${count} ${stateWords[state]}`).join(", ")

/** The state that the node is drawn in: that of most concern. */
export const leadingState = ({ states }: GraphNode): NodeState | undefined =>
  (["failed", "running", "run", "unknown", "hit"] as const).find((state) => states.some(([each]) => each === state))
