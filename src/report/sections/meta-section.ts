/** Meta-latents: how much of the decoder they explain, and the frame of their browser. */
import { exact } from "../page/exact.ts"
import { formatInteger, formatNumber, formatPercent } from "../page/format-number.ts"
import { estimate } from "../page/estimate.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import type { PlacedMeta } from "../page/subjects.ts"
import { labelOf } from "../page/subjects.ts"

/** Undefined where no meta-SAE was trained. */
export const metaSection = (metaSaes: ReadonlyArray<PlacedMeta>): Html | undefined =>
  metaSaes.length === 0
    ? undefined
    : html`<h2>Meta-latents</h2>
        <p class="note">
          A meta-SAE is trained on the unit decoder rows of an SAE: each latent becomes a sum of a few meta-latents. The
          baselines are as many random unit rows, and random ones with the mean and the covariance of the decoder's:
          only what is explained beyond the latter speaks of parts in common.
        </p>
        <div class="scroll" tabindex="0" role="region" aria-label="Meta-SAEs">
          <table>
            <thead>
              <tr>
                <th scope="col">Meta-SAE</th>
                <th scope="col">Meta-latents</th>
                <th scope="col">Dead</th>
                <th scope="col">k</th>
                <th scope="col">L0</th>
                <th scope="col">Decoder variance explained</th>
                <th scope="col">Of random rows</th>
                <th scope="col">Of random rows of its covariance</th>
              </tr>
            </thead>
            <tbody>
              ${metaSaes.map(
                ({ at, value }) =>
                  html`<tr>
                    <th scope="row">${labelOf(at, `of ${formatInteger(value.base.d_sae)} latents`)}</th>
                    <td>${exact(value.meta.d_sae, formatInteger)}</td>
                    <td>${exact(value.dead.length, formatInteger)}</td>
                    <td>${value.meta.k}</td>
                    <td>${exact(value.l0, formatNumber)}</td>
                    <td>
                      ${estimate(value.decoder_variance_explained, value.intervals?.["decoder_variance_explained"], formatPercent, "latents")}
                    </td>
                    <td>
                      ${estimate(value.random_variance_explained, value.intervals?.["random_variance_explained"], formatPercent, "random rows")}
                    </td>
                    <td>
                      ${value.matched_variance_explained === undefined ? "–" : estimate(value.matched_variance_explained, value.intervals?.["matched_variance_explained"], formatPercent, "random rows")}
                    </td>
                  </tr>`
              )}
            </tbody>
          </table>
        </div>
        <p>
          <a href="#explore/0">Explore them</a>: each latent as a sum of meta-latents, with the other latents that share
          them; <a href="#meta/0">each meta-latent</a> through the latents that it is part of.
        </p>
        <noscript><p class="warn">The explorer needs JavaScript; its data stand in this file as JSON.</p></noscript>`
