/**
 * A chart as wide as its place: across it stands in shares of its width, down it and in letters in pixels, so that letters are
 * as large on a phone as on a desk, and nothing has to be scrolled.
 */
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { place, type Scale } from "./scale.ts"

/** Of an axis across such a chart, with `unit: "%"`. */
export const fluidRange = [0, 100] as const

/** Pixels beside what is drawn, for the labels of the axes. */
export interface FluidFrame {
  readonly label: string
  readonly height: number
  readonly left: number
  readonly right: number
}

export const fluidChart = ({ label, height, left, right }: FluidFrame, drawn: Html): Html =>
  html`<div class="fluid" style="--left: ${left}px; --right: ${right}px; --height: ${height}px">
    <svg role="img" aria-label="${label}">${drawn}</svg>
  </div>`

/** Lines cannot have corners in shares: these are stretched, and their strokes are not. */
const stretched = 1000

/** Corner of a line, for what `fluidLines` holds. */
export const fluidCorner = (x: Pick<Scale, "domain">, y: Scale, corner: readonly [x: number, y: number]): string =>
  `${place({ domain: x.domain, range: [0, stretched] }, corner[0])},${place(y, corner[1])}`

/** @param lines polylines, whose corners are those of `fluidCorner` */
export const fluidLines = (height: number, lines: ReadonlyArray<Html | undefined>): Html =>
  html`<svg viewBox="0 0 ${stretched} ${height}" preserveAspectRatio="none">${lines}</svg>`
