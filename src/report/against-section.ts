/** The results of a page beside those of another run: what they were made of, metrics, and what of that exceeds its noise. */
import { estimate } from "./page/estimate.ts"
import { exact } from "./page/exact.ts"
import { formatInteger, formatNumber } from "./page/format-number.ts"
import type { Html } from "./page/html.ts"
import { html } from "./page/html.ts"
import type { ComparedMetric, RunComparison } from "./page/run-comparison.ts"

const signed = (value: number): string => `${value > 0 ? "+" : ""}${formatNumber(value)}`

const cell = (value: number | null, interval: ComparedMetric["beforeInterval"]): Html | string =>
  value === null ? "–" : estimate(value, interval ?? undefined, formatNumber, "what it averages")

const row = ({ stage, name, before, after, beforeInterval, afterInterval, noise, verdict }: ComparedMetric): Html => {
  const difference = before === null || after === null ? undefined : after - before
  return html`<tr>
    <th scope="row" class="mono">${stage}</th>
    <td class="text mono">${name}</td>
    <td>${cell(before, beforeInterval)}</td>
    <td>${cell(after, afterInterval)}</td>
    <td>${difference === undefined ? "–" : exact(difference, signed)}</td>
    <td class="text">
      ${difference === undefined || difference === 0 ? "–" : noise === null ? "noise not known" : `${Math.abs(difference) > noise ? "beyond" : "within"} its noise`}
    </td>
    <td class="text">${verdict}</td>
  </tr>`
}

const table = (label: string, rows: ReadonlyArray<ComparedMetric>): Html | undefined =>
  rows.length === 0
    ? undefined
    : html`<h3>${label}</h3>
        <div class="scroll" tabindex="0" role="region" aria-label="${label}">
          <table>
            <thead>
              <tr>
                <th scope="col">Stage</th>
                <th scope="col" class="text">Metric</th>
                <th scope="col">There</th>
                <th scope="col">Here</th>
                <th scope="col">Difference</th>
                <th scope="col" class="text">95 %</th>
                <th scope="col" class="text">Tolerance</th>
              </tr>
            </thead>
            <tbody>
              ${rows.map(row)}
            </tbody>
          </table>
        </div>`

const changes = ({ title, rows }: RunComparison["changes"][number]): Html =>
  html`<h3>Other ${title}</h3>
    <div class="scroll" tabindex="0" role="region" aria-label="Other ${title}">
      <table>
        <thead>
          <tr>
            <th scope="col">Difference</th>
            <th scope="col" class="text">Stages</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([text, stages]) =>
              html`<tr>
                <th scope="row" class="mono">${text}</th>
                <td class="text mono">${stages}</td>
              </tr>`
          )}
        </tbody>
      </table>
    </div>`

const alone = (where: string, ids: ReadonlyArray<string>): Html | undefined =>
  ids.length === 0 ? undefined : html`<p class="note">${where} alone: <span class="mono">${ids.join(", ")}</span>.</p>`

export const againstSection = (against: RunComparison): Html => {
  const { same, others, unknown } = against
  return html`<section id="against">
    <h2>Beside another run</h2>
    <dl class="about">
      <div>
        <dt>there</dt>
        <dd>${against.before}</dd>
      </div>
      <div>
        <dt>here</dt>
        <dd>${against.after}</dd>
      </div>
    </dl>
    <p class="note">
      ${
        same > 0 && others === 0 && unknown === 0
          ? `All ${formatInteger(same)} stages that both have gave the same bytes.`
          : `Of the stages that both have, ${formatInteger(same)} have the same bytes, ${formatInteger(others)} others, and ${formatInteger(unknown)} no result on one side.`
      }
      ${against.metrics.length + against.overSeeds.length === 0 ? undefined : "The noise of a difference takes both sides as independent: what was measured on the same text differs by less."}
    </p>
    ${alone("There", against.onlyBefore)} ${alone("Here", against.onlyAfter)} ${against.changes.map(changes)}
    ${table("Metrics that differ", against.metrics)}
    ${against.oneSeed === null ? undefined : html`<p class="note">${against.oneSeed}.</p>`}
    ${table("Means over seeds", against.overSeeds)}
  </section>`
}
