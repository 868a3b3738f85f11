/** The stage graph as a drawing: one box per stage instance, or per stage where there are many; dashed without a result. */
import type { GraphNode } from "./graph-layout.ts"
import { layoutGraph } from "./graph-layout.ts"
import { formatSeconds } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import type { RunGraphNode, StageResult } from "../page/made-experiment.ts"

/** More instances than these are drawn as one box per stage: a matrix of hundreds is no picture. */
const maxInstances = 40

const box = { width: 164, height: 44, gapX: 36, gapY: 14, margin: 8 }
/** Characters that fit beside the time, and in the second line. */
const labelLength = 12
const subLength = 24

interface Box extends GraphNode {
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
): ReadonlyArray<Box> =>
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
): ReadonlyArray<Box> => {
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

export const graphSvg = (graph: ReadonlyArray<RunGraphNode>, made: ReadonlyArray<StageResult>): Html => {
  const results = new Map(made.map((result) => [result.id, result]))
  const boxes = graph.length > maxInstances ? stageBoxes(graph, results) : instanceBoxes(graph, results)
  const layout = layoutGraph(boxes)
  const left = (column: number): number => box.margin + column * (box.width + box.gapX)
  const top = (row: number): number => box.margin + row * (box.height + box.gapY)
  const width = left(layout.columns) - box.gapX + box.margin
  const height = top(layout.rows) - box.gapY + box.margin
  const places = new Map(layout.nodes.map((placed) => [placed.node.id, placed]))
  const edges = layout.nodes.flatMap((to) =>
    to.node.needs.flatMap((id) => {
      const from = places.get(id)
      if (from === undefined) return []
      const x1 = left(from.column) + box.width
      const y1 = top(from.row) + box.height / 2
      const x2 = left(to.column)
      const y2 = top(to.row) + box.height / 2
      const bend = (x2 - x1) / 2
      return [html`<path class="edge" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" />`]
    })
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Stages and what they need">
    <svg
      class="graph"
      viewBox="0 0 ${width} ${height}"
      style="--wide: ${width}px"
      width="${width}"
      height="${height}"
      role="img"
      aria-label="Stages and what they need"
    >
      ${edges}${layout.nodes.map(({ node, column, row }) => {
        const x = left(column)
        const y = top(row)
        return html`<g class="${node.status}" data-id="${node.id}"
          ><title>${node.title}</title
          ><rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="7" /><circle
            cx="${x + 14}"
            cy="${y + 16}"
            r="4.5"
          /><text x="${x + 25}" y="${y + 20}">${node.label}</text
          ><text class="kind" x="${x + box.width - 9}" y="${y + 20}" text-anchor="end">${node.time}</text
          ><text class="kind" x="${x + 25}" y="${y + 35}">${node.sub}</text></g
        >`
      })}
    </svg>
  </div>`
}
