/** A histogram: one bar per bin that is not empty. */
import { axes } from "./axes.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { place } from "./scale.ts"
import { colourOf } from "./swatch.ts"

export interface Histogram {
  /** `counts[i]` latents are in [edges[i], edges[i + 1]). */
  readonly edges: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
  readonly caption: string
  /** For who cannot see it. */
  readonly label: string
  /** What the edges are. */
  readonly axis: string
  /** An edge in words. */
  readonly format: (edge: number) => string
  /** Which colour. */
  readonly index: number
}

const width = 380
const height = 170

export const histogramChart = ({ edges, counts, caption, label, axis, format, index }: Histogram): Html => {
  const from = edges[0] ?? -1
  const to = edges.at(-1) ?? 0
  const most = Math.max(1, ...counts)
  const x = { domain: [from, to], range: [42, width - 8] } as const
  const y = { domain: [0, most], range: [height - 36, 22] } as const
  const bars = counts.map((count, i) => {
    if (count === 0) return undefined
    const left = place(x, edges[i] as number)
    const right = place(x, edges[i + 1] as number)
    const top = place(y, count)
    return html`<rect
      class="f${colourOf(index)}"
      x="${left}"
      y="${top}"
      width="${Math.max(0.5, Math.round((right - left - 0.6) * 10) / 10)}"
      height="${Math.round((y.range[0] - top) * 10) / 10}"
      ><title>${format(edges[i] as number)} to ${format(edges[i + 1] as number)}: ${count} latents</title></rect
    >`
  })
  return html`<figure>
    <figcaption>${caption}</figcaption>
    <svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
      ${axes({ scale: x, label: axis, format, count: 5 }, { scale: y, label: "latents", count: 3 })}${bars}
    </svg>
  </figure>`
}
