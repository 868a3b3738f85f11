/** What the meta-latents of an SAE are: latents of a smaller one? And whether latents that share them point the same way. */
import type { MetaAnalysisFile } from "../../kinds/meta-analysis.ts"
import { estimate } from "../page/estimate.ts"
import { formatInteger, formatNumber, formatPercent } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { labelOf, type Placed } from "../page/subjects.ts"

type Figure =
  | "match_cosine"
  | "matched_share"
  | "decoder_variance_explained"
  | "fixed_variance_explained"
  | "neighbour_overlap"

/** A figure, and in grey what random directions or a shuffled graph give. */
const cell = (
  file: MetaAnalysisFile,
  name: Figure,
  format: (value: number) => string,
  over: string,
  control?: number | null
): Html => {
  const value = file[name]
  if (value === null) return html`<td>–</td>`
  const beside = control == null ? undefined : html`<span class="sub">${format(control)}</span>`
  return html`<td>${estimate(value, file.intervals[name], format, over)}${beside}</td>`
}

/** Undefined where no meta-SAE was analysed. */
export const metaAnalysisSection = (analyses: ReadonlyArray<Placed<MetaAnalysisFile>>): Html | undefined =>
  analyses.length === 0
    ? undefined
    : html`<h2>What meta-latents are</h2>
        <p class="note">
          Live meta-latents beside the latents of a smaller SAE of the same activations, in grey the same with as many
          random directions in their place. A fixed meta-decoder is made of the rows of the smaller SAE, and only its
          encoder is trained. The overlap is of two graphs of the larger SAE's latents: those that share most
          meta-latents and those nearest by cosine; in grey with the latents of one graph renamed at random.
        </p>
        <div class="scroll" tabindex="0" role="region" aria-label="Meta-latents beside a smaller SAE">
          <table>
            <thead>
              <tr>
                <th scope="col">Meta-SAE</th>
                <th scope="col">Live</th>
                <th scope="col">Smaller SAE</th>
                <th scope="col" title="Largest cosine of a meta-latent with a latent of the smaller SAE, mean">
                  Match
                </th>
                <th scope="col" title="Meta-latents with a match above the threshold">Matched</th>
                <th scope="col">Decoder variance explained</th>
                <th scope="col" title="By rows of the smaller SAE's decoder as meta-decoder">
                  By the smaller SAE's rows
                </th>
                <th scope="col">Neighbour overlap</th>
              </tr>
            </thead>
            <tbody>
              ${analyses.map(
                ({ at, value: file }) =>
                  html`<tr>
                    <th scope="row">${labelOf(at, `of ${formatInteger(file.d_sae)} latents`)}</th>
                    <td>${formatInteger(file.live)} of ${formatInteger(file.meta_latents)}</td>
                    <td>${formatInteger(file.smaller_d_sae)} latents</td>
                    ${cell(file, "match_cosine", formatNumber, "meta-latents", file.random_match_cosine)}
                    ${cell(file, "matched_share", formatPercent, "meta-latents", file.random_matched_share)}
                    ${cell(file, "decoder_variance_explained", formatPercent, "latents")}
                    ${cell(file, "fixed_variance_explained", formatPercent, "latents", file.fixed_random_variance_explained)}
                    ${cell(file, "neighbour_overlap", formatPercent, "latents", file.shuffled_overlap)}
                  </tr> `
              )}
            </tbody>
          </table>
        </div>`
