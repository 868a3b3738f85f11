/** What the drawings of a graph share: nodes in topological order, each a stage with its matrix folded, or one instance. */
import { stageOrder } from "../../plan/stage-order.ts"
import type { StageInstance } from "../../plan/stage-instance.ts"
import { items } from "../../stage/wiring.ts"
import { formatCoordinate } from "../../words/coordinate-text.ts"

/** unknown: a hit if what stands above is unchanged. */
export type NodeState = "hit" | "run" | "unknown" | "running" | "failed"

/** For people; in the order in which the instances of a folded matrix are counted. */
export const stateWords: Readonly<Record<NodeState, string>> = {
  failed: "failed",
  running: "running",
  hit: "hit",
  run: "to run",
  unknown: "hit if unchanged above"
}
const states = Object.keys(stateWords) as ReadonlyArray<NodeState>

export interface GraphNode {
  /** The stage's name; of an instance that stands alone, its id. */
  readonly name: string
  readonly kind: string
  /** Names of nodes above: `order` where it is there for the order alone. */
  readonly needs: ReadonlyArray<{ readonly name: string; readonly order: boolean }>
  readonly instances: number
  /** Of a folded matrix: `width=512,2048`, in the order of its axes. */
  readonly axes: ReadonlyArray<string>
  /** How many instances are in which state; empty where that is not known. */
  readonly states: ReadonlyArray<readonly [NodeState, number]>
}

/** More values than these of an axis are counted, not listed. */
const SHOWN_VALUES = 6

const axesOf = (instances: ReadonlyArray<StageInstance>): ReadonlyArray<string> =>
  [...new Set(instances.flatMap(({ at }) => Object.keys(at)))].map((axis) => {
    const values = [...new Set(instances.flatMap(({ at }) => (axis in at ? [formatCoordinate(at[axis] ?? null)] : [])))]
    const more = values.length > SHOWN_VALUES ? `,... (${values.length})` : ""
    return `${axis}=${values.slice(0, SHOWN_VALUES).join(",")}${more}`
  })

const inputsOf = ({ inputs }: StageInstance): ReadonlySet<string> =>
  new Set(
    Object.values(inputs)
      .flatMap(items)
      .map(({ instance }) => instance)
  )

/**
 * @param instances of a whole graph
 * @param fold a matrix is one node
 */
export const graphNodes = (
  instances: ReadonlyArray<StageInstance>,
  fold: boolean,
  stateOf: (id: string) => NodeState | undefined
): ReadonlyArray<GraphNode> => {
  const declared = instances.toSorted((a, b) => a.order - b.order)
  const nameOf = ({ id, stage }: StageInstance): string => (fold ? stage : id)
  const names = new Map(declared.map((instance) => [instance.id, nameOf(instance)]))
  const nodes = [...Map.groupBy(declared, nameOf)].map(([name, members]): readonly [string, GraphNode] => {
    const edges = members.flatMap((member) => {
      const inputs = inputsOf(member)
      return member.needs.flatMap((id) => ({ name: names.get(id), order: !inputs.has(id) }))
    })
    const needs = [...new Set(edges.flatMap((edge) => edge.name ?? []))].map((need) => ({
      name: need,
      order: edges.every((edge) => edge.name !== need || edge.order)
    }))
    const known = members.map(({ id }) => stateOf(id))
    const counted = states.map((state) => [state, known.filter((each) => each === state).length] as const)
    const node: GraphNode = {
      name,
      kind: members[0]?.kind.name ?? "",
      needs,
      instances: members.length,
      axes: fold ? axesOf(members) : [],
      states: counted.filter(([, count]) => count > 0)
    }
    return [name, node]
  })
  const byName = new Map(nodes)
  // Stages refer to stages, and a circle of those is refused: folding closes none.
  const { order } = stageOrder(new Map(nodes.map(([name, { needs }]) => [name, needs.map((need) => need.name)])))
  return order.flatMap((name) => byName.get(name) ?? [])
}
