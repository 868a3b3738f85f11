/** The definitions of absorption side by side, one row an SAE, with their intervals: what can be absorbed at all comes first. */
import { exact } from "../page/exact.ts"
import { type AbsorptionFile, absorptionUnits } from "../../kinds/absorption.ts"
import { whyNoRate } from "../page/absorption-caveats.ts"
import { warnings } from "../page/said-once.ts"
import { estimate } from "../page/estimate.ts"
import { formatInteger, formatNumber, formatPercent } from "../page/format-number.ts"
import { type Html, html } from "../page/html.ts"
import { swatch } from "../charts/swatch.ts"

interface Row {
  readonly label: string
  readonly index: number
  readonly absorption: AbsorptionFile
}

const ablated = ({ letters }: AbsorptionFile) => {
  const counts = letters.flatMap(({ ablation }) => (ablation === null ? [] : [ablation]))
  const sum = (of: (each: (typeof counts)[number]) => number) => counts.reduce((total, each) => total + of(each), 0)
  return { silent: sum((each) => each.silent_words), ablated: sum((each) => each.ablated_words) }
}

const row = ({ label, index, absorption }: Row): Html => {
  const { silent, ablated: done } = ablated(absorption)
  const share = (name: "mean_absorption_fraction" | "mean_full_absorption" | "mean_absorption_rate") => {
    const value = absorption[name]
    const over = name === "mean_absorption_fraction" ? absorptionUnits.fraction : absorptionUnits.share
    return value === null ? "–" : estimate(value, absorption.intervals?.[name], formatPercent, over)
  }
  return html`<tr>
    <th scope="row">${swatch(index)}${label}</th>
    <td>${absorption.word_effect === null ? "–" : exact(absorption.word_effect, formatNumber)}</td>
    <td>${absorption.mean_absorption_rate === null ? "–" : `${formatInteger(done)} of ${formatInteger(silent)}`}</td>
    <td>${share("mean_absorption_rate")}</td>
    <td>${share("mean_full_absorption")}</td>
    <td>${share("mean_absorption_fraction")}</td>
  </tr> `
}

export const absorptionDefinitions = (rows: ReadonlyArray<Row>): Html =>
  html`${warnings(
      rows.flatMap(({ label, absorption }) => {
        const text = whyNoRate(absorption)
        return text === undefined ? [] : [{ label, text }]
      }),
      rows.length,
      (of, text) => `${of}: no absorption rate by ablation: ${text}`
    )}
    <div class="scroll" tabindex="0" role="region" aria-label="Definitions of absorption">
      <table>
        <thead>
          <tr>
            <th scope="col">SAE</th>
            <th
              scope="col"
              title="Change of the right letter's logit, less the mean of the others, when the word's activation becomes the mean over words"
            >
              Word's effect
            </th>
            <th
              scope="col"
              title="Words whose latents were ablated, of those that the probe gets right while the letter's own latents are silent"
            >
              Ablated
            </th>
            <th
              scope="col"
              title="Chanin et al. 2409.14507: the letter's own latents are silent, and ablating one other latent lowers the letter by a logit more than any other"
            >
              Rate by ablation
            </th>
            <th
              scope="col"
              title="SAEBench: the letter's own latents are silent, and one other latent gives 0.4 of the probe's projection or more"
            >
              Full, by projection
            </th>
            <th scope="col" title="SAEBench: share of the probe's projection that other latents give">
              Fraction, by projection
            </th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(row)}
        </tbody>
      </table>
    </div>`
