/** The headline table: one row per SAE, one column per thing that was measured. */
import { whyNoRate } from "../page/absorption-caveats.ts"
import { estimate } from "../page/estimate.ts"
import { exact } from "../page/exact.ts"
import { formatNumber } from "../page/format-number.ts"
import type { Html, HtmlValue } from "../page/html.ts"
import { html } from "../page/html.ts"
import { warnings } from "../page/said-once.ts"
import type { Subject } from "../page/subjects.ts"
import { swatch } from "../charts/swatch.ts"
import { inMeans } from "./seed-means.ts"
import { type HeadlineFigure, headlineFigures } from "./headline-figures.ts"

interface Column {
  readonly name: string
  readonly title: string
  readonly value: (subject: Subject) => HtmlValue
}

const shownFigure =
  ({ of, format, over }: HeadlineFigure): Column["value"] =>
  (subject) => {
    const figure = of(subject)
    if (figure === undefined) return undefined
    if (typeof figure === "string") return html`<span title="${figure}">none</span>`
    const { value, interval, control, caveat } = figure
    return html`${estimate(value, interval, format, over)}${control === undefined ? undefined : html`<span class="sub">control ${exact(control, format, "control")}</span>`}${caveat === undefined ? undefined : html`<span class="sub caveat">${caveat}</span>`}`
  }

const columns: ReadonlyArray<Column> = [
  { name: "Architecture", title: "How latents are chosen", value: ({ info }) => info?.architecture },
  { name: "Latents", title: "Size of the dictionary, d_sae", value: ({ d_sae }) => exact(d_sae, formatNumber) },
  { name: "k", title: "Active latents a row that it was trained for", value: ({ info }) => info?.k ?? undefined },
  ...headlineFigures.map((figure) => ({ name: figure.name, title: figure.title, value: shownFigure(figure) }))
]

/** What takes an absorption figure back stands above it. */
const caveats = (subjects: ReadonlyArray<Subject>): ReadonlyArray<Html> => {
  const said = subjects.flatMap(({ label, absorption }) => {
    if (absorption === undefined) return []
    const why = whyNoRate(absorption)
    return [...absorption.warnings, ...(why === undefined ? [] : [`by projection alone, not by ablation: ${why}`])].map(
      (text) => ({ label, text })
    )
  })
  const all = subjects.filter(({ absorption }) => absorption !== undefined).length
  return warnings(said, all, (of, text) => `Absorption of ${of}: ${text}`)
}

/** @param all in whose order they have their colours */
const eachSae = (subjects: ReadonlyArray<Subject>, all: ReadonlyArray<Subject>): Html => {
  // Columns without a single value are left out.
  const shown = columns.filter(({ value }) => subjects.some((subject) => value(subject) !== undefined))
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Summary table">
    <table class="stacked cards">
      <thead>
        <tr>
          <th scope="col">SAE</th>
          ${shown.map(({ name, title }) => html`<th scope="col" title="${title}">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${subjects.map(
          (subject) =>
            html`<tr>
              <th scope="row">${swatch(all.indexOf(subject))}${subject.label}</th>
              ${shown.map(({ name, value }) => html`<td data-name="${name}">${value(subject) ?? "–"}</td>`)}
            </tr> `
        )}
      </tbody>
    </table>
  </div>`
}

/** More SAEs than these are a sweep: their means over seeds come first. */
const maxFirst = 8

/** @param means over seeds, where there are several */
export const summarySection = (subjects: ReadonlyArray<Subject>, means: Html | undefined): Html => {
  const meant = inMeans(subjects)
  const others = subjects.filter((subject) => !meant.has(subject))
  return html`<h2>Summary</h2>
    ${caveats(subjects)}
    ${
      means === undefined || meant.size === 0 || subjects.length <= maxFirst
        ? [eachSae(subjects, subjects), means]
        : html`${means} ${others.length === 0 ? undefined : html`<h3>SAEs that are in no mean</h3>`}
            ${others.length === 0 ? undefined : eachSae(others, subjects)}
            <details id="each-sae">
              <summary>Each of the ${subjects.length} SAEs by itself</summary>
              ${eachSae(subjects, subjects)}
            </details>`
    }`
}
