/** One colour per SAE, the same in every figure. Four are told apart; further ones repeat, with other dashes in lines. */
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"

const COLOURS = 4
const DASHES = 3

export const colourOf = (index: number): number => index % COLOURS

export const dashOf = (index: number): number => Math.floor(index / COLOURS) % DASHES

export const swatch = (index: number): Html => html`<span class="swatch s${colourOf(index)}"></span>`

/** What the lines of a chart are. */
export const lineLegend = (lines: ReadonlyArray<{ readonly index: number; readonly label: string }>): Html =>
  html`<div class="legend">
    ${lines.map(
      ({ index, label }) =>
        html`<span
          ><svg class="sample" viewBox="0 0 26 8" width="26" height="8" aria-hidden="true">
            <line class="line l${colourOf(index)} d${dashOf(index)}" x1="0" x2="26" y1="4" y2="4" /></svg
          >${label}</span
        >`
    )}
  </div>`
