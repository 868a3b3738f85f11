/** The stage graph of a narrow page: a box below the other, what they need on bows at their left. */
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import type { GraphBox } from "./graph-boxes.ts"
import type { GraphLayout } from "./graph-layout.ts"

const width = 344
const box = { left: 76, height: 42, gap: 9, margin: 4 }
/** How far a bow goes out, by the boxes that it passes. */
const bow = { least: 14, step: 7, most: 92 }

export const graphColumn = ({ nodes }: GraphLayout<GraphBox>): Html => {
  // What is needed stands above what needs it.
  const placed = nodes.toSorted((a, b) => a.column - b.column || a.row - b.row).map(({ node }) => node)
  const lines = new Map(placed.map(({ id }, line) => [id, line]))
  const top = (line: number): number => box.margin + line * (box.height + box.gap)
  const height = top(placed.length) - box.gap + box.margin
  const edges = placed.flatMap((to, line) =>
    to.needs.flatMap((id) => {
      const from = lines.get(id)
      if (from === undefined) return []
      const out = box.left - Math.min(bow.most, bow.least + bow.step * (line - from))
      const [y1, y2] = [top(from) + box.height / 2 + 5, top(line) + box.height / 2 - 5]
      return [html`<path class="edge" d="M${box.left} ${y1}C${out} ${y1} ${out} ${y2} ${box.left} ${y2}" />`]
    })
  )
  return html`<svg
    class="graph column"
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
    role="img"
    aria-label="Stages and what they need"
  >
    ${edges}${placed.map((node, line) => {
      const y = top(line)
      return html`<g class="${node.status}" data-id="${node.id}"
        ><title>${node.title}</title
        ><rect x="${box.left}" y="${y}" width="${width - box.left - 2}" height="${box.height}" rx="7" /><circle
          cx="${box.left + 14}"
          cy="${y + 15}"
          r="4.5"
        /><text x="${box.left + 25}" y="${y + 19}">${node.label}</text
        ><text class="kind" x="${width - 11}" y="${y + 19}" text-anchor="end">${node.time}</text
        ><text class="kind" x="${box.left + 25}" y="${y + 34}">${node.sub}</text></g
      >`
    })}
  </svg>`
}
