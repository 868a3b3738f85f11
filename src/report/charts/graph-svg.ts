/** The stage graph as a drawing, dashed without a result: from left to right, and on a narrow page from top to bottom. */
import { graphBoxes } from "./graph-boxes.ts"
import { graphColumn } from "./graph-column.ts"
import { layoutGraph } from "./graph-layout.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import type { RunGraphNode, StageResult } from "../page/made-experiment.ts"

const box = { width: 164, height: 44, gapX: 36, gapY: 14, margin: 8 }
export const graphSvg = (graph: ReadonlyArray<RunGraphNode>, made: ReadonlyArray<StageResult>): Html => {
  const layout = layoutGraph(graphBoxes(graph, made))
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
  return html`<div class="scroll wide-graph" tabindex="0" role="region" aria-label="Stages and what they need">
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
    </div>
    ${graphColumn(layout)}`
}
