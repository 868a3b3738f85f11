/** What the boxes of a drawn graph say: one per stage instance, or per stage where there are many. */
import { formatSeconds } from "../page/format-number.ts"
import type { RunGraphNode, StageResult } from "../page/made-experiment.ts"
import type { GraphNode } from "./graph-layout.ts"

/** More instances than these are drawn as one box per stage: a matrix of hundreds is no picture. */
const maxInstances = 40

/** Characters that fit beside the time, and in the second line. */
const labelLength = 12
const subLength = 24

export interface GraphBox extends GraphNode {
  readonly label: string
  readonly sub: string
  /** On the right of the first line. */
  readonly time: string
  readonly status: "made" | "none"
  readonly title: string
}

const shortened = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text

const timeOf = (result: StageResult | undefined): string =>
  result === undefined ? "no result" : formatSeconds(result.seconds)

const instanceBoxes = (
  graph: ReadonlyArray<RunGraphNode>,
  results: ReadonlyMap<string, StageResult>
): ReadonlyArray<GraphBox> =>
  graph.map(({ id, stage: name, kind, needs }) => {
    const result = results.get(id)
    // Coordinates go into the second line, where they leave room for the name.
    const coordinates = id.slice(name.length).replace(/^\[(.*)\]$/, "$1")
    return {
      id,
      needs,
      label: shortened(name, labelLength),
      sub: shortened(coordinates === "" ? kind : coordinates, subLength),
      time: timeOf(result),
      status: result === undefined ? "none" : "made",
      title: `${id}: ${kind}, ${timeOf(result)}`
    }
  })

const stageBoxes = (
  graph: ReadonlyArray<RunGraphNode>,
  results: ReadonlyMap<string, StageResult>
): ReadonlyArray<GraphBox> => {
  const stageOf = new Map(graph.map(({ id, stage }) => [id, stage]))
  return [...Map.groupBy(graph, ({ stage }) => stage)].map(([name, members]) => {
    const made = members.flatMap(({ id }) => results.get(id) ?? [])
    const seconds = made.reduce((sum, each) => sum + each.seconds, 0)
    const text = made.length === 0 ? "no result" : `${made.length} made, ${formatSeconds(seconds)}`
    return {
      id: name,
      needs: [...new Set(members.flatMap(({ needs }) => needs.flatMap((id) => stageOf.get(id) ?? [])))].filter(
        (needed) => needed !== name
      ),
      label: shortened(members.length === 1 ? name : `${name} × ${members.length}`, subLength - 6),
      time: "",
      sub: text,
      status: made.length < members.length ? "none" : "made",
      title: `${name}: ${members.length} of kind ${members[0]?.kind ?? ""}, ${text}`
    }
  })
}

export const graphBoxes = (
  graph: ReadonlyArray<RunGraphNode>,
  made: ReadonlyArray<StageResult>
): ReadonlyArray<GraphBox> => {
  const results = new Map(made.map((result) => [result.id, result]))
  return graph.length > maxInstances ? stageBoxes(graph, results) : instanceBoxes(graph, results)
}
