/** Whether a meta-latent is a handle of its own: what taking it out of a latent does to the model. */
import { exact } from "../page/exact.ts"
import { editFigure, type EditFigureName, selectivity } from "../../analysis/meta-sae/edit-figures.ts"
import type { MetaEditsFile } from "../../kinds/meta-edits.ts"
import { estimate } from "../page/estimate.ts"
import { formatInteger, formatNumber } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { maskedText } from "../page/masked-text.ts"
import { labelOf, type Placed } from "../page/subjects.ts"

const columns: ReadonlyArray<readonly [name: string, title: string, figure: EditFigureName]> = [
  ["Target's shift", "Change of the target's logit, a meta-latent taken out", "target_shift"],
  ["At random", "The same for a random direction of the same length", "random_target_shift"],
  ["Selectivity", "Fall of the target by the root mean square of the other logits' changes", "selectivity"],
  ["Whole latent", "The same with the whole latent ablated", "ablated_selectivity"],
  ["Random", "The same with a random direction taken out", "random_selectivity"],
  ["KL", "Of the model from itself with the meta-latent taken out, nats", "kl"],
  ["KL, whole latent", "The same with the whole latent ablated", "ablated_kl"],
  [
    "Swap's selectivity",
    "A meta-latent exchanged for one of another latent: rise of that one's target",
    "swap_selectivity"
  ],
  ["Whole latents", "The same with the whole latent exchanged for the other", "replaced_selectivity"],
  ["Random swap", "The same with a random direction put in", "random_swap_selectivity"]
]

/** Edits that are listed. */
const listed = 12

const strongest = ({ edits }: MetaEditsFile) =>
  edits.toSorted((a, b) => selectivity(b.removed, -1) - selectivity(a.removed, -1)).slice(0, listed)

const figuresTable = (all: ReadonlyArray<Placed<MetaEditsFile>>): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="Edits by meta-latents">
    <table>
      <thead>
        <tr>
          <th scope="col">SAE</th>
          <th scope="col">Edits</th>
          ${columns.map(([name, title]) => html`<th scope="col" title="${title}">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${all.map(
          ({ at, value: { edits } }) =>
            html`<tr>
              <th scope="row">${labelOf(at, "edits")}</th>
              <td>${exact(edits.length, formatInteger)}</td>
              ${columns.map(([, , name]) => {
                const figure = editFigure(edits, name)
                if (figure === undefined) return html`<td>–</td>`
                return html`<td>${estimate(figure.value, figure.interval, formatNumber, "edited latents")}</td>`
              })}
            </tr> `
        )}
      </tbody>
    </table>
  </div>`

const editsTable = (file: MetaEditsFile, label: string): Html =>
  html`<details>
    <summary>The most selective edits of ${label}</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Most selective edits of ${label}">
      <table>
        <thead>
          <tr>
            <th scope="col">Latent</th>
            <th scope="col">Meta-latent taken out</th>
            <th scope="col">Target</th>
            <th scope="col">Its shift</th>
            <th scope="col">Others</th>
            <th scope="col">Its shift, whole latent ablated</th>
          </tr>
        </thead>
        <tbody>
          ${strongest(file).map(
            ({ latent, out, target, removed, ablated }) =>
              html`<tr>
                <th scope="row">${latent}</th>
                <td>${out.id}</td>
                <td class="mono">${maskedText(JSON.stringify(target.text))}</td>
                <td>${exact(removed.shift, formatNumber)}</td>
                <td>${exact(removed.side, formatNumber)}</td>
                <td>${exact(ablated.shift, formatNumber)}</td>
              </tr> `
          )}
        </tbody>
      </table>
    </div>
  </details>`

/** Undefined where no latent was edited. */
export const metaEditsSection = (all: ReadonlyArray<Placed<MetaEditsFile>>): Html | undefined =>
  all.every(({ value }) => value.edits.length === 0)
    ? undefined
    : html`<h2>Edits by meta-latents</h2>
        <p class="note">
          Where a latent fires, one of its meta-latents is taken out of it, or exchanged for one of another latent. The
          target is the token whose logit the edit moves most, chosen on half of the examples; all figures are of the
          other half. Beside it the whole latent, and a random direction of the same length.
        </p>
        ${figuresTable(all)}${all.map(({ at, value }) => editsTable(value, labelOf(at, "the SAE")))}`
