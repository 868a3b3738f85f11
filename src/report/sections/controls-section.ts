/** One table: each headline figure beside its controls, and whether it differs from them by more than its noise. */
import { exact } from "../page/exact.ts"
import { estimate } from "../page/estimate.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import type { ReportInput, Subject } from "../page/subjects.ts"
import { controlRows } from "./control-rows.ts"

/** Undefined where nothing has a control. */
export const controlsSection = (
  input: Pick<ReportInput, "metaSaes" | "stitchings">,
  subjects: ReadonlyArray<Subject>
): Html | undefined => {
  const rows = controlRows(input, subjects)
  if (rows.length === 0) return undefined
  return html`<h2>Beside controls</h2>
    <p class="note">
      The same measurement where there is nothing to find: a decoder or a model that never learnt, explanations of other
      latents, random directions. Means over seeds where there are several, with 95 % intervals. A difference exceeds
      its noise where it is larger than the root of the sum of squares of the halves of both intervals that face each
      other; a figure that does not exceed its control says nothing of what was learnt.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Figures beside controls">
      <table>
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col">Of</th>
            <th scope="col">Value</th>
            <th scope="col">Control</th>
            <th scope="col">Its value</th>
            <th scope="col">Difference</th>
            <th scope="col">Exceeds its noise</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(({ figure, label, value, control, controlValue, noise, format }) => {
            const difference = value.value - controlValue.value
            const exceeds = noise === undefined ? "–" : Math.abs(difference) > noise ? "yes" : "no"
            const title = noise === undefined ? "a side has no interval" : `noise ${format(noise)}`
            return html`<tr>
              <th scope="row">${figure}</th>
              <td>${label}</td>
              <td>${estimate(value.value, value.interval, format, value.over)}</td>
              <td>${control}</td>
              <td>${estimate(controlValue.value, controlValue.interval, format, controlValue.over)}</td>
              <td>${exact(difference, (value) => `${value > 0 ? "+" : ""}${format(value)}`)}</td>
              <td><span title="${title}">${exceeds}</span></td>
            </tr> `
          })}
        </tbody>
      </table>
    </div>`
}
