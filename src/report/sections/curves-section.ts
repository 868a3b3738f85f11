/** How the trainings went: loss, explained variance, L0 and dead latents over their steps. */
import type { SaeCurve } from "../../kinds/sae/sae-handle.ts"
import { seriesChart } from "../charts/series-chart.ts"
import { lineLegend, swatch } from "../charts/swatch.ts"
import { exact } from "../page/exact.ts"
import { formatNumber, formatPercent, formatTick } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { bySeed } from "../page/over-seeds.ts"
import { sizeLabel, type Subject } from "../page/subjects.ts"

/** Points of a curve that are drawn: more than its pixels say nothing. */
const MOST_DRAWN = 160
/** Rows of a curve in the table. */
const MOST_LISTED = 24

export interface CurvePanel {
  readonly column: string
  readonly name: string
  /** What the vertical axis counts, where the name alone does not say it. */
  readonly unit: string
  readonly format: (value: number) => string
  readonly scale?: "log10"
  /** Counts of latents are shown as shares of the dictionary, so that sizes can be compared. */
  readonly share?: boolean
}

const curvePanels: ReadonlyArray<CurvePanel> = [
  { column: "loss", name: "Loss", unit: "loss", format: formatNumber, scale: "log10" },
  { column: "explained_variance", name: "Explained variance", unit: "share of the variance", format: formatNumber },
  { column: "l0", name: "L0", unit: "active latents a row", format: formatNumber },
  { column: "dead", name: "Dead latents", unit: "share of the latents", format: formatPercent, share: true }
]

interface Trained {
  readonly subject: Subject
  readonly curve: SaeCurve
  /** Colour and dashes: those that differ in their seed alone have the same. */
  readonly index: number
}

/** At most `most` of the rows of a curve, the first and the last among them. */
export const thinned = (rows: number, most: number): ReadonlyArray<number> => {
  if (rows <= most) return Array.from({ length: rows }, (_, i) => i)
  return Array.from({ length: most }, (_, i) => Math.round((i * (rows - 1)) / (most - 1)))
}

const valueOf = ({ curve, subject }: Trained, { column, share }: CurvePanel, row: number): number | undefined => {
  const value = curve[column]?.[row]
  if (value === undefined || !Number.isFinite(value)) return undefined
  return share === true ? value / subject.d_sae : value
}

const chart = (panel: CurvePanel, trained: ReadonlyArray<Trained>): Html | undefined => {
  const series = trained.map((each) => ({
    index: each.index,
    line: true,
    points: thinned(each.curve["step"]?.length ?? 0, MOST_DRAWN).flatMap((row) => {
      const y = valueOf(each, panel, row)
      return y === undefined ? [] : [{ x: each.curve["step"]?.[row] as number, y }]
    })
  }))
  // A logarithm needs values above zero: a loss that reaches it is drawn as it is.
  const log = panel.scale === "log10" && series.every(({ points }) => points.every(({ y }) => y > 0))
  return seriesChart({
    caption: panel.name,
    label: `${panel.name} over the steps of training`,
    x: { label: "step" },
    y: {
      label: log ? `${panel.unit}, on a log scale` : panel.unit,
      ...(panel.share === true ? { format: (share) => `${formatTick(100 * share)} %` } : {}),
      ...(log ? { scale: "log10" } : {})
    },
    series,
    marks: false
  })
}

const table = (shown: ReadonlyArray<CurvePanel>, trained: ReadonlyArray<Trained>): Html =>
  html`<details>
    <summary>Values</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Training curves">
      <table>
        <thead>
          <tr>
            <th scope="col">SAE</th>
            <th scope="col">Step</th>
            ${shown.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${trained.flatMap((each) =>
            thinned(each.curve["step"]?.length ?? 0, MOST_LISTED).map(
              (row) =>
                html`<tr>
                  <th scope="row">${swatch(each.index)}${each.subject.label}</th>
                  <td>${exact(each.curve["step"]?.[row] as number, formatNumber)}</td>
                  ${shown.map((panel) => {
                    const value = valueOf(each, panel, row)
                    return html`<td>${value === undefined ? "–" : exact(value, panel.format)}</td>`
                  })}
                </tr> `
            )
          )}
        </tbody>
      </table>
    </div>
  </details>`

/** Undefined where no SAE has a training curve. */
export const curvesSection = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  const curved = subjects.flatMap((subject) =>
    subject.curve?.["step"] === undefined
      ? []
      : [{ subject, curve: subject.curve, at: subject.at, apart: subject.apart }]
  )
  const groups = bySeed(curved, ({ subject }) => sizeLabel(subject))
  const trained = groups.flatMap(({ members }, index) => members.map((each): Trained => ({ ...each, index })))
  const shown = curvePanels.filter(({ column }) => trained.some(({ curve }) => curve[column] !== undefined))
  if (shown.length === 0) return undefined
  return html`<h2>Training</h2>
    <p class="note">
      Of the batch of each step: training rows, not held-out ones. Dead latents are those that the training counts as
      dead.
    </p>
    ${lineLegend(
      groups.map(({ label, members: [first, ...others] }, index) => ({
        index,
        label: first !== undefined && others.length === 0 ? first.subject.label : `${label}, ${1 + others.length} seeds`
      }))
    )}
    <div class="multiples">${shown.map((panel) => chart(panel, trained))}</div>
    ${table(shown, trained)}`
}
