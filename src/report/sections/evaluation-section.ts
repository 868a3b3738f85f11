/** How well the SAEs reconstruct: every metric of every evaluation, and the density of the latents. */
import type { EvaluationInfo } from "../../kinds/evaluation/evaluation-handle.ts"
import { densityChart } from "../charts/density-chart.ts"
import { formatInteger, formatNumber } from "../page/format-number.ts"
import { intervalEnds, intervalOf } from "../../stage/metric.ts"
import { estimate } from "../page/estimate.ts"
import { furtherSeeds } from "../page/fold-seeds.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { sizeLabel, type Subject } from "../page/subjects.ts"
import { swatch } from "../charts/swatch.ts"

const whereOf = ({ hook, hook_out, sources = [] }: EvaluationInfo): Html => {
  const names = hook === null ? sources.map((source) => source.hook) : [hook]
  const codes = names.map((name, i) => html`${i === 0 ? " of " : ", "}<code>${name}</code>`)
  return html`${codes}${hook_out === undefined ? "" : html`, for <code>${hook_out}</code>`}`
}

/** Undefined where nothing was evaluated. */
export const evaluationSection = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  const evaluated = subjects.flatMap((subject, index) =>
    subject.evaluation === undefined
      ? []
      : [
          {
            at: subject.at,
            apart: subject.apart,
            d_sae: subject.d_sae,
            label: subject.label,
            evaluation: subject.evaluation,
            index
          }
        ]
  )
  const first = evaluated[0]
  if (first === undefined) return undefined
  const names = [
    ...new Set(evaluated.flatMap(({ evaluation }) => Object.keys({ ...evaluation.metrics, ...evaluation.unmeasured })))
  ]
    .filter((name, _, all) => !all.some((other) => Object.values(intervalEnds(other)).includes(name)))
    .toSorted()
  const { evaluation } = first
  const further = furtherSeeds(evaluated, sizeLabel)
  const densities = (of: typeof evaluated): Html =>
    html`<div class="multiples">${of.map((each) => densityChart(each.evaluation, each.label, each.index))}</div>`
  return html`<h2>Evaluation</h2>
    <p class="note">
      On ${formatInteger(evaluation.rows)} held-out
      rows${whereOf(evaluation)}${
        evaluation.contexts.count === 0
          ? ""
          : html`; cross-entropies over ${formatInteger(evaluation.contexts.targets)} targets in
            ${formatInteger(evaluation.contexts.count)} contexts`
      }.
    </p>
    ${densities(evaluated.filter((each) => !further.has(each)))}${
      further.size === 0
        ? undefined
        : html`<details>
            <summary>Densities of further seeds</summary>
            ${densities(evaluated.filter((each) => further.has(each)))}
          </details>`
    }
    <div id="compare-saes"></div>
    <details id="all-metrics">
      <summary>All metrics</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="All metrics">
        <table>
          <thead>
            <tr>
              <th scope="col">Metric</th>
              ${evaluated.map(({ label, index }) => html`<th scope="col">${swatch(index)}${label}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${names.map(
              (name) =>
                html`<tr>
                  <td class="mono">${name}</td>
                  ${evaluated.map((each) => {
                    const value = each.evaluation.metrics[name]
                    const { metrics } = each.evaluation
                    if (value !== undefined) {
                      return html`<td>${estimate(value, intervalOf(metrics, name), formatNumber, "held-out text")}</td>`
                    }
                    const reason = each.evaluation.unmeasured[name]
                    return reason === undefined ? html`<td>–</td>` : html`<td class="none">${reason}</td>`
                  })}
                </tr> `
            )}
          </tbody>
        </table>
      </div>
    </details>`
}
