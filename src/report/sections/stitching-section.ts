/** From the small SAE to the large one: what novel latents bring, and what swaps cost. */
import { exact } from "../page/exact.ts"
import { formatInteger, formatNumber, formatPercent } from "../page/format-number.ts"
import { estimate } from "../page/estimate.ts"
import type { Html, HtmlValue } from "../page/html.ts"
import { html } from "../page/html.ts"
import { cosineHistogram, rocChart } from "../charts/proxy-charts.ts"
import { largestGroup, phaseColours, phaseNames, risingSteps, stitchingChart } from "../charts/stitching-chart.ts"
import { stitchedCrossEntropy } from "./stitched-cross-entropy.ts"
import { foldSeeds } from "../page/fold-seeds.ts"
import { labelOf } from "../page/subjects.ts"
import type { Placed } from "../page/subjects.ts"
import type { StitchingFile } from "../../kinds/stitching.ts"

const fact = (value: HtmlValue, name: HtmlValue): Html => html`<li><b>${value}</b><span>${name}</span></li>`

const groupingNames = { path: "the path above", fixed: "fixed threshold", matching: "each other's nearest" } as const

/** A giant group is one step: the path tells nothing of its inside, and other groups do. */
const groupingTable = ({ groupings = [] }: StitchingFile): Html | undefined =>
  groupings.length === 0
    ? undefined
    : html`<div class="scroll" tabindex="0" role="region" aria-label="Groups of counterparts">
        <table>
          <thead>
            <tr>
              <th scope="col">Groups</th>
              <th scope="col">Cosine above</th>
              <th scope="col">Groups in all</th>
              <th scope="col">Latents in the largest</th>
              <th scope="col">Fall of the MSE in one step</th>
              <th scope="col">Steps that raise it</th>
            </tr>
          </thead>
          <tbody>
            ${groupings.map(
              (group) =>
                html`<tr>
                  <th scope="row">${groupingNames[group.name]}</th>
                  <td>${group.threshold === null ? "–" : exact(group.threshold, formatNumber)}</td>
                  <td>${exact(group.groups, formatInteger)}</td>
                  <td>${exact(group.largest_group, formatInteger)}</td>
                  <td>${group.largest_step_share === null ? "–" : exact(group.largest_step_share, formatPercent)}</td>
                  <td>${exact(group.rising_steps, formatInteger)}</td>
                </tr>`
            )}
          </tbody>
        </table>
      </div>`

const sizes = ({ small, large }: StitchingFile): string =>
  `${formatInteger(small.d_sae)} → ${formatInteger(large.d_sae)} latents`

/** For where the rest of it is folded away. */
const novelOf = ({ at, value }: Placed<StitchingFile>): Html =>
  html`${labelOf(at, sizes(value))}: ${formatInteger(value.counts.novel)} novel latents,
  ${estimate(value.counts.novel / value.large.d_sae, value.intervals?.["novel_fraction"], formatPercent, "latents")}`

const one = ({ at, value }: Placed<StitchingFile>): Html => {
  const { counts, small, large, path, proxy } = value
  const rising = risingSteps(path).length
  const giant = largestGroup(value)
  const phases = [...new Set(path.slice(1).map(({ phase }) => phase))]
  return html`<h3>${labelOf(at, sizes(value))}</h3>
    <ul class="facts">
      ${fact(formatInteger(counts.novel), html`novel latents, ${estimate(counts.novel / large.d_sae, value.intervals?.["novel_fraction"], formatPercent, "latents")} of the large SAE`)}
      ${fact(formatInteger(counts.reconstruction), "reconstruction latents")}
      ${counts.novel > 0 && counts.reconstruction > counts.silent ? fact(estimate(proxy.auc, value.intervals?.["proxy_auc"], formatNumber, "latents"), "AUC of the cosine proxy") : ""}
      ${fact(`${formatNumber(small.ev)} → ${formatNumber(large.ev)}`, "explained variance, small → large")}
      ${fact(`${formatNumber(small.l0)} → ${formatNumber(large.l0)}`, "L0, small → large")}
      ${fact(`${formatInteger(rising)} of ${formatInteger(path.length - 1)}`, "steps raise the MSE")}
      ${giant === undefined || giant.added + giant.removed < 2 ? "" : fact(Number.isFinite(giant.share) ? formatPercent(giant.share) : "–", html`of the fall of the MSE is the largest group's: ${formatInteger(giant.removed)} latents for ${formatInteger(giant.added)} in one step`)}
    </ul>
    <figure>
      ${stitchingChart(value)}
      <div class="legend">
        ${phases.map((phase) => html`<span><span class="swatch s${phaseColours[phase]}"></span>${phaseNames[phase]}</span>`)}${rising > 0 ? html`<span><span class="swatch rise"></span>step that raises the MSE</span>` : undefined}
      </div>
    </figure>
    ${groupingTable(value)}${stitchedCrossEntropy(value.cross_entropy)}
    <div class="multiples">
      <figure>
        ${cosineHistogram(value)}
        <div class="legend">
          <span><span class="swatch s2"></span>novel</span><span><span class="swatch s0"></span>reconstruction</span>
        </div>
      </figure>
      <figure>${rocChart(value)}</figure>
    </div>`
}

/** Undefined where nothing was stitched. */
export const stitchingSection = (stitchings: ReadonlyArray<Placed<StitchingFile>>): Html | undefined =>
  stitchings.length === 0
    ? undefined
    : html`<h2>Stitching</h2>
        <p class="note">
          A latent of the large SAE is novel when adding it alone to the small one lowers the mean squared error. The
          path inserts the novel latents first, then swaps groups of counterparts, and ends in exactly the large SAE.
        </p>
        ${foldSeeds(stitchings, ({ value }) => sizes(value), novelOf, one)}`
