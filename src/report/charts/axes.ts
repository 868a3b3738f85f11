/** Axes of a small chart: grid lines, tick labels and captions, as SVG markup. */
import { formatTick } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import type { Scale } from "./scale.ts"
import { place, ticks } from "./scale.ts"

export interface Axis {
  readonly scale: Scale
  readonly label: string
  /** Tick labels; numbers as they are by default. */
  readonly format?: (value: number) => string
  readonly count?: number
  /** Of the range across: pixels, or shares of a `fluidChart`. */
  readonly unit?: "%"
}

export const axes = (x: Axis, y: Axis): Html => {
  const [left, right] = x.scale.range
  const [bottom, top] = y.scale.range
  const unit = x.unit ?? ""
  const labelX = x.format ?? formatTick
  const labelY = y.format ?? formatTick
  return html`${ticks(y.scale.domain, y.count ?? 4).map((value) => {
      const at = place(y.scale, value)
      return html`<line class="grid" x1="${left}${unit}" x2="${right}${unit}" y1="${at}" y2="${at}" /><text
          x="${left}${unit}"
          dx="-6"
          y="${at + 3.5}"
          text-anchor="end"
          >${labelY(value)}</text
        >`
    })}${ticks(x.scale.domain, x.count ?? 6).map((value) => {
      const at = place(x.scale, value)
      return html`<line class="axis" x1="${at}${unit}" x2="${at}${unit}" y1="${bottom}" y2="${bottom + 4}" /><text
          x="${at}${unit}"
          y="${bottom + 16}"
          text-anchor="middle"
          >${labelX(value)}</text
        >`
    })}<line class="axis" x1="${left}${unit}" x2="${right}${unit}" y1="${bottom}" y2="${bottom}" /><text
      x="${right}${unit}"
      y="${bottom + 31}"
      text-anchor="end"
      >${x.label}</text
    ><text x="${left}${unit}" y="${top - 8}">${y.label}</text>`
}
