/** Histogram of how often latents fire: log10 of the share of rows, one bar per bin. */
import type { EvaluationInfo } from "../artifact/evaluation.ts"
import { axes } from "./axes.ts"
import { formatNumber } from "./format-number.ts"
import type { Html } from "./html.ts"
import { html } from "./html.ts"
import { place } from "./scale.ts"
import { colourOf } from "./swatch.ts"

const width = 380
const height = 170

export const densityChart = (evaluation: EvaluationInfo, label: string, index: number): Html => {
  const { edges, counts } = evaluation.density_histogram
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
    const range = `10^${formatNumber(edges[i] as number)} to 10^${formatNumber(edges[i + 1] as number)}`
    return html`<rect
      class="f${colourOf(index)}"
      x="${left}"
      y="${top}"
      width="${Math.max(0.5, Math.round((right - left - 0.6) * 10) / 10)}"
      height="${Math.round((y.range[0] - top) * 10) / 10}"
      ><title>${range}: ${count} latents</title></rect
    >`
  })
  return html`<figure>
    <figcaption>${label}: ${evaluation.dead_latents} dead, ${evaluation.dense_latents} dense</figcaption>
    <svg
      viewBox="0 0 ${width} ${height}"
      width="${width}"
      height="${height}"
      role="img"
      aria-label="Density histogram of ${label}"
    >
      ${axes(
        {
          scale: x,
          label: "share of rows on which a latent fires",
          format: (value) => `10${superscript(value)}`,
          count: 5
        },
        { scale: y, label: "latents", count: 3 }
      )}${bars}
    </svg>
  </figure>`
}

/** -2 -> ⁻², 0.5 -> ^0.5 (a tick between whole powers). */
const superscript = (value: number): string =>
  Number.isInteger(value)
    ? [...String(value)].map((char) => (char === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(char)] as string))).join("")
    : `^${value}`
