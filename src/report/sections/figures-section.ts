/** Curves and tables of analyses that have no section of their own. */
import type { FiguresFile } from "../../kinds/figures.ts"
import { chartFigure } from "../charts/chart-figure.ts"
import { formatNumber } from "../page/format-number.ts"
import { foldSeeds } from "../page/fold-seeds.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { labelOf, type Placed } from "../page/subjects.ts"

/** From 0 to 1. */
const shade = (value: number, { from, to }: { readonly from: number; readonly to: number }): string =>
  Math.min(1, Math.max(0, (value - from) / (to - from))).toFixed(3)

const table = ({ title, columns, rows, shaded }: FiguresFile["tables"][number]): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${title}">
    <table>
      <caption>
        ${title}
      </caption>
      <thead>
        <tr>
          ${columns.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, i) => {
                const text = cell === null ? "–" : typeof cell === "number" ? formatNumber(cell) : cell
                if (i === 0) return html`<th scope="row">${text}</th>`
                return shaded === undefined || typeof cell !== "number"
                  ? html`<td>${text}</td>`
                  : html`<td class="shaded" style="--a: ${shade(cell, shaded)}">${text}</td>`
              })}
            </tr>`
        )}
      </tbody>
    </table>
  </div>`

const titleOf = ({ at, value }: Placed<FiguresFile>): string =>
  `${value.title}${Object.keys(at).length === 0 ? "" : `: ${labelOf(at, "")}`}`

const one = (figures: Placed<FiguresFile>): Html => {
  const { value } = figures
  return html`<h3>${titleOf(figures)}</h3>
    <p class="note">${value.note}</p>
    <div class="multiples">${value.charts.map(chartFigure)}</div>
    ${value.tables.map(table)}`
}

/** Undefined where there are none. */
export const figuresSection = (figures: ReadonlyArray<Placed<FiguresFile>>): Html | undefined => {
  const titles = [...new Set(figures.map(({ value }) => value.title))]
  return titles.length === 0
    ? undefined
    : html`<h2>Analyses</h2>
        ${titles.map((title) =>
          foldSeeds(
            figures.filter(({ value }) => value.title === title),
            () => title,
            (each) => html`${titleOf(each)}`,
            one
          )
        )}`
}
