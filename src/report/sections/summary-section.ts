/** The headline table: one row per SAE, one column per thing that was measured. */
import { formatNumber, formatPercent } from "../page/format-number.ts"
import type { Html, HtmlValue } from "../page/html.ts"
import { html } from "../page/html.ts"
import { meanScores } from "../../interp/mean-scores.ts"
import type { Subject } from "../page/subjects.ts"
import { swatch } from "../charts/swatch.ts"

interface Column {
  readonly name: string
  readonly title: string
  readonly value: (subject: Subject) => HtmlValue
}

const metric = (name: string, format: (value: number) => string) => (subject: Subject) => {
  const value = subject.evaluation?.metrics[name]
  if (value !== undefined) return format(value)
  const reason = subject.evaluation?.unmeasured[name]
  return reason === undefined ? undefined : html`<span title="${reason}">none</span>`
}

const columns: ReadonlyArray<Column> = [
  { name: "Architecture", title: "How latents are chosen", value: ({ info }) => info?.architecture },
  { name: "Latents", title: "Size of the dictionary, d_sae", value: ({ d_sae }) => formatNumber(d_sae) },
  { name: "k", title: "Active latents a row that it was trained for", value: ({ info }) => info?.k ?? undefined },
  { name: "L0", title: "Active latents a row, held-out rows", value: metric("l0", formatNumber) },
  {
    name: "EV",
    title: "Explained variance on held-out rows: 1 - E|x - x̂|² / E|x - E x|²",
    value: metric("explained_variance", formatNumber)
  },
  {
    name: "CE recovered",
    title: "Share of the cross-entropy gap to zero ablation that the reconstruction closes",
    value: metric("ce_recovered", formatNumber)
  },
  {
    name: "Dead",
    title: "Latents that fire on no held-out row",
    value: ({ evaluation, d_sae }) =>
      evaluation === undefined ? undefined : formatPercent(evaluation.dead_latents / d_sae)
  },
  {
    name: "Explanation F1",
    title: "Mean F1 of token-pattern explanations on held-out text; in grey that of other latents' explanations",
    value: ({ interpretations }) => {
      const scores = interpretations === undefined ? undefined : meanScores(interpretations)
      return scores === undefined
        ? undefined
        : html`${formatNumber(scores.f1)}<span class="sub">${formatNumber(scores.shuffled)}</span>`
    }
  },
  {
    name: "Absorption",
    title: "Mean absorption fraction over the letters evaluated",
    value: ({ absorption }) =>
      absorption === undefined ? undefined : formatPercent(absorption.mean_absorption_fraction)
  },
  {
    name: "Full absorption",
    title: "Mean rate of full absorption over the letters evaluated",
    value: ({ absorption }) => (absorption === undefined ? undefined : formatPercent(absorption.mean_full_absorption))
  },
  {
    name: "Letters",
    title: "Letters whose probe is good enough to evaluate",
    value: ({ absorption }) => absorption?.probe.letters
  }
]

/** Columns without a single value are left out. */
export const summarySection = (subjects: ReadonlyArray<Subject>): Html => {
  const shown = columns.filter(({ value }) => subjects.some((subject) => value(subject) !== undefined))
  return html`<h2>Summary</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">SAE</th>
            ${shown.map(({ name, title }) => html`<th scope="col" title="${title}">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${subjects.map(
            (subject, i) =>
              html`<tr>
                <th scope="row">${swatch(i)}${subject.label}</th>
                ${shown.map(({ value }) => html`<td>${value(subject) ?? "–"}</td>`)}
              </tr> `
          )}
        </tbody>
      </table>
    </div>`
}
