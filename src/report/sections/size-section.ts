/** Which size for which task: the table that Leask et al. (2502.04878) end with. */
import type { SizedTask, SizeSelectionFile } from "../../kinds/size-selection.ts"
import { estimate } from "../page/estimate.ts"
import { formatInteger, formatNumber } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { labelOf, type Placed } from "../page/subjects.ts"

const verdict = ({ better, best, sizes }: SizedTask): string => {
  if (best === null) return better === "neither" ? "neither way is better" : "measured on one size"
  const { d_sae, next, by, noise } = best
  const difference = `${formatInteger(d_sae)} before ${formatInteger(next)} by ${formatNumber(by)}`
  if (noise === null) return `${difference}, whose noise is not known`
  const alone = sizes.some((size) => (size.d_sae === d_sae || size.d_sae === next) && size.saes === 1)
  const over = alone ? ", which is not over seeds" : ""
  return `${difference}, ${by > noise ? "more than" : "within"} its noise of ${formatNumber(noise)}${over}`
}

const table = ({ at, value: { tasks } }: Placed<SizeSelectionFile>): Html => {
  const sizes = [...new Set(tasks.flatMap((task) => task.sizes.map(({ d_sae }) => d_sae)))].toSorted((a, b) => a - b)
  const label = labelOf(at, "all SAEs")
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Sizes for tasks, ${label}">
    <table>
      <thead>
        <tr>
          <th scope="col">${label}</th>
          ${sizes.map((d_sae) => html`<th scope="col">${formatInteger(d_sae)} latents</th>`)}
          <th scope="col">Best</th>
        </tr>
      </thead>
      <tbody>
        ${tasks.map(
          (task) =>
            html`<tr>
              <th scope="row" title="${task.metric}">${task.name}</th>
              ${sizes.map((d_sae) => {
                const figure = task.sizes.find((size) => size.d_sae === d_sae)
                if (figure === undefined) return html`<td>–</td>`
                const over = figure.saes > 1 ? `${figure.saes} seeds` : "what it was measured on"
                return html`<td>${estimate(figure.value, figure.interval ?? undefined, formatNumber, over)}</td>`
              })}
              <td>${verdict(task)}</td>
            </tr> `
        )}
      </tbody>
    </table>
  </div>`
}

/** Undefined where sizes were not compared. */
export const sizeSection = (selections: ReadonlyArray<Placed<SizeSelectionFile>>): Html | undefined =>
  selections.length === 0
    ? undefined
    : html`<h2>Which size for which task</h2>
        <p class="note">
          Means over seeds where there are several, with 95 % intervals. The noise of a difference is the root of the
          sum of the squares of the halves of both intervals that face each other.
        </p>
        ${selections.map(table)}`
