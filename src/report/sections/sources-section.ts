/**
 * Crosscoders: what each gives back of every source, and how its latents are shared out among them. Of two sources the
 * histogram is that of Lindsey et al. 2024: latents of the first alone on the left, of the second alone on the right,
 * shared ones between.
 */
import { estimate } from "../page/estimate.ts"
import { exact } from "../page/exact.ts"
import type { CrosscoderFile } from "../../kinds/sae/crosscoder-file.ts"
import { formatInteger, formatNumber } from "../page/format-number.ts"
import { histogramChart } from "../charts/histogram-chart.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import type { Subject } from "../page/subjects.ts"
import { intervalOf } from "../../stage/metric.ts"
import { swatch } from "../charts/swatch.ts"

const BINS = 40

const edges = Array.from({ length: BINS + 1 }, (_, i) => i / BINS)

/** The hook, with the model where the sources are of several. */
const sourceNames = ({ sources }: CrosscoderFile): ReadonlyArray<string> => {
  const several = new Set(sources.map(({ model }) => model)).size > 1
  return sources.map(({ hook, model }) => (several ? `${hook} of ${model.slice(0, 8)}` : hook))
}

/** Latents without a decoder row are in no bin. */
const sharesChart = (shares: CrosscoderFile["shares"], source: number, name: string, label: string, index: number) => {
  const counts = Array.from({ length: BINS }, () => 0)
  for (const share of shares) {
    if (share.every((value) => value === 0)) continue
    const bin = Math.min(BINS - 1, Math.floor((share[source] as number) * BINS))
    counts[bin] = (counts[bin] as number) + 1
  }
  return histogramChart({
    edges,
    counts,
    caption: label,
    label: `Histogram of the share of ${name} in the latents of ${label}`,
    axis: `share of ${name} in a latent's decoder norm`,
    format: (share) => String(Number(share.toFixed(3))),
    index
  })
}

/** Of a source whose model was there. */
const inModelColumns = [
  { metric: "kl_sae", head: "KL", title: "KL(model as it is || with the reconstruction), nats a token" },
  { metric: "kl_recovered_mean", head: "KL recovered", title: "1 - KL / KL with the mean activation in place" }
]

const estimated = (metrics: Readonly<Record<string, number>> | undefined, name: string) => {
  const value = metrics?.[name]
  return metrics === undefined || value === undefined
    ? "–"
    : estimate(value, intervalOf(metrics, name), formatNumber, "contexts")
}

/** Undefined where there is no crosscoder. */
export const sourcesSection = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  const all = subjects.flatMap(({ label, crosscoder, evaluation }, index) =>
    crosscoder === undefined ? [] : [{ label, crosscoder, evaluation, index }]
  )
  if (all.length === 0) return undefined
  const anyModel = all.some(({ evaluation }) => evaluation?.sources?.some(({ metrics }) => metrics !== undefined))
  const inModel = anyModel ? inModelColumns : []
  const charts = all.flatMap(({ label, crosscoder, index }) => {
    const names = sourceNames(crosscoder)
    const shown = names.length === 2 ? [1] : [...names.keys()]
    return shown.map((source) => sharesChart(crosscoder.shares, source, names[source] as string, label, index))
  })
  return html`<h2>Sources</h2>
    <p class="note">A latent is a source's own when more than seven tenths of its decoder norm are there.</p>
    <div class="multiples">${charts}</div>
    <div class="scroll" tabindex="0" role="region" aria-label="Sources">
      <table>
        <thead>
          <tr>
            <th scope="col">Crosscoder</th>
            <th scope="col">Source</th>
            <th scope="col" title="1 - E|x - x̂|² / E|x - E x|² over held-out rows of the source">EV</th>
            ${inModel.map(({ head, title }) => html`<th scope="col" title="${title}">${head}</th>`)}
            <th scope="col">Own latents</th>
          </tr>
        </thead>
        <tbody>
          ${all.flatMap(({ label, crosscoder, evaluation, index }) => [
            ...sourceNames(crosscoder).map((name, source) => {
              const measured = evaluation?.sources?.[source]
              const value = measured?.explained_variance
              return html`<tr>
                <th scope="row">${swatch(index)}${label}</th>
                <td class="mono">${name}</td>
                <td>${value === undefined ? "–" : exact(value, formatNumber)}</td>
                ${inModel.map(({ metric }) => html`<td>${estimated(measured?.metrics, metric)}</td>`)}
                <td>${exact(crosscoder.own[source] as number, formatInteger)}</td>
              </tr> `
            }),
            html`<tr>
              <th scope="row">${swatch(index)}${label}</th>
              <td>shared</td>
              <td>–</td>
              ${inModel.map(() => html`<td>–</td>`)}
              <td>${exact(crosscoder.shared, formatInteger)}</td>
            </tr> `
          ])}
        </tbody>
      </table>
    </div>`
}
