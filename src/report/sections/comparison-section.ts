/** SAEs beside each other: what every two have in common, and what each is by itself. */
import { exact } from "../page/exact.ts"
import type { ComparedSae, ComparisonFile } from "../../kinds/comparison.ts"
import { estimate } from "../page/estimate.ts"
import { formatInteger, formatNumber, formatPercent } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { labelOf, type Placed, type Subject } from "../page/subjects.ts"

interface Ends {
  readonly low: number | null
  readonly high: number | null
}

const cell = (value: number | undefined, ends: Ends | null): Html =>
  value === undefined
    ? html`<td>–</td>`
    : html`<td>
        ${estimate(value, ends?.low == null || ends.high === null ? undefined : { low: ends.low, high: ends.high }, formatNumber, "latents")}
      </td>`

type NameOf = (sae: ComparedSae) => string

/** As the page calls it elsewhere, where it shows that SAE. */
const namesBy =
  (subjects: ReadonlyArray<Subject>): NameOf =>
  ({ at, d_sae, digest }) =>
    subjects.find((subject) => subject.digest === digest)?.label ?? labelOf(at, `${formatInteger(d_sae)} latents`)

const table = (
  label: string,
  head: ReadonlyArray<readonly [name: string, title: string]>,
  rows: ReadonlyArray<Html>
): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <table>
      <thead>
        <tr>
          ${head.map(([name, title]) => html`<th scope="col" title="${title}">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`

const pairsTable = ({ saes, pairs }: ComparisonFile, nameOf: NameOf): Html =>
  table(
    "Pairs of SAEs",
    [
      ["SAEs", "The smaller one first"],
      [
        "Largest cosine",
        "Decoder cosine of a latent with the nearest one of the other SAE, mean over the smaller one's latents"
      ],
      ["With random", "The same with random directions in place of the other SAE"],
      ["PW-MCC", "Mean cosine of the best one-to-one matching, of SAEs of one size"],
      [
        "Correlation",
        "Largest correlation of a latent's activations with one of the other SAE, median over latents that fire"
      ],
      ["Split", "Share of the smaller one's latents that several of the larger one are parts of"],
      ["New", "Share of the larger one's latents that are part of none of the smaller one's"]
    ],
    pairs.map((pair) => {
      const [first, second] = [saes[pair.first], saes[pair.second]] as readonly [ComparedSae, ComparedSae]
      return html`<tr>
        <th scope="row">${nameOf(first)} – ${nameOf(second)}</th>
        ${cell(pair.max_cosine.mean, pair.max_cosine)}
        <td>${exact(pair.random_max_cosine, formatNumber)}</td>
        ${cell(pair.matched_cosine?.mean, pair.matched_cosine)}
        ${cell(pair.activation_correlation?.median, pair.activation_correlation)}
        <td>${exact(pair.splits.several, formatPercent)}</td>
        <td>${exact(pair.splits.new, formatPercent)}</td>
      </tr> `
    })
  )

const saesTable = ({ saes }: ComparisonFile, nameOf: NameOf): Html =>
  table(
    "Each SAE by itself",
    [
      ["SAE", "Coordinates in its matrix"],
      ["Own cosine", "Largest decoder cosine of a latent with another one of the same SAE, mean"],
      ["Of random", "The same of as many random directions"],
      ["L0", "Active latents a row, on the rows compared"],
      ["Dead", "Latents that fire on none of these rows"],
      ["Dense", "Latents that fire on more than a tenth of them"],
      ["Projection", "Nth decoder projection: of SAEs of one width, smallest where L0 is right"]
    ],
    saes.map(
      (sae) =>
        html`<tr>
          <th scope="row">${nameOf(sae)}</th>
          ${cell(sae.self_cosine.mean, sae.self_cosine)}
          <td>${exact(sae.random_self_cosine, formatNumber)}</td>
          <td>${sae.l0 === null ? "–" : exact(sae.l0, formatNumber)}</td>
          <td>${sae.dead === null ? "–" : exact(sae.dead, formatPercent)}</td>
          <td>${sae.dense === null ? "–" : exact(sae.dense, formatPercent)}</td>
          <td>${sae.projection === null ? "–" : exact(sae.projection.value, formatNumber)}</td>
        </tr> `
    )
  )

/** Undefined where nothing was compared. */
export const comparisonSection = (
  comparisons: ReadonlyArray<Placed<ComparisonFile>>,
  subjects: ReadonlyArray<Subject>
): Html | undefined => {
  const nameOf = namesBy(subjects)
  return comparisons.length === 0
    ? undefined
    : html`<h2>Comparison</h2>
        <p class="note">
          Two SAEs that had found the same latents would have cosines, matching and correlations of 1; what random
          directions reach is the floor.
        </p>
        ${comparisons.map(({ value }) => html`${value.pairs.length === 0 ? undefined : pairsTable(value, nameOf)}${saesTable(value, nameOf)}`)}`
}
