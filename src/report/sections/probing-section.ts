/** What few latents tell of words and tokens, beside as many numbers of the activation itself and beside shuffled labels. */
import type { ProbingFile, SparseProbe } from "../../kinds/probing.ts"
import { probedKs } from "../../kinds/probing/probed-ks.ts"
import { estimate } from "../page/estimate.ts"
import { formatInteger, formatNumber } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { latentLink } from "../page/latent-link.ts"
import { listedLatents, type Subject } from "../page/subjects.ts"

const kinds = [
  ["latents", "latents", "auc"],
  ["basis", "its own numbers", "auc_basis"],
  ["shuffled", "latents, labels shuffled", "auc_shuffled"]
] as const

const columns = (ks: ReadonlyArray<number>) =>
  ks.flatMap((k) => kinds.map(([features, name, of]) => ({ k, features, name, of })))

const head = (first: string, ks: ReadonlyArray<number>): Html =>
  html`<thead>
    <tr>
      <th scope="col">${first}</th>
      ${columns(ks).map(({ k, name }) => html`<th scope="col">k ${formatInteger(k)}: ${name}</th>`)}
    </tr>
  </thead>`

const means = ({ means: all = {}, intervals = {} }: ProbingFile, ks: ReadonlyArray<number>): ReadonlyArray<Html> =>
  columns(ks).map(({ k, of }) => {
    const value = all[`${of}_k${k}`]
    return value === undefined
      ? html`<td>–</td>`
      : html`<td>${estimate(value, intervals[`${of}_k${k}`], formatNumber, "test documents")}</td>`
  })

const chosen = (subject: Subject, index: number, probes: ReadonlyArray<SparseProbe>): Html | string => {
  const latent = probes.find(({ features, chosen: own }) => features === "latents" && own.length === 1)?.chosen[0]
  return latent === undefined ? "–" : html`${latentLink(index, latent, listedLatents(subject))}`
}

const tasksOf = (subject: Subject, index: number, probing: ProbingFile): Html => {
  const ks = probedKs(probing)
  return html`<details>
    <summary>Tasks of ${subject.label}</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Tasks of ${subject.label}">
      <table>
        ${head("Task", ks)}
        <tbody>
          ${probing.tasks.map(
            (task) =>
              html`<tr>
                <th scope="row">
                  ${task.name}
                  <span class="sub"
                    >${formatInteger(task.test)} test rows; latent ${chosen(subject, index, task.probes)}</span
                  >
                </th>
                ${columns(ks).map(({ k, features, of }) => {
                  const probe = task.probes.find((each) => each.k === k && each.features === features)
                  return probe === undefined
                    ? html`<td>–</td>`
                    : html`<td>
                        ${estimate(probe.auc, task.intervals[`${of}_k${k}`], formatNumber, "test documents")}
                      </td>`
                })}
              </tr> `
          )}
        </tbody>
      </table>
    </div>
  </details>`
}

/** Undefined where nothing was probed. */
export const probingSection = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  const probed = subjects.flatMap((subject, index) => {
    const { probing } = subject
    return probing === undefined ? [] : [{ subject, index, probing }]
  })
  if (probed.length === 0) return undefined
  const ks = [...new Set(probed.flatMap(({ probing }) => probedKs(probing)))].toSorted((a, b) => a - b)
  return html`<h2>Sparse probing</h2>
    <p class="note">
      Area under the ROC curve of a probe of k features, mean over tasks; a half is chance. What the activation's own
      numbers tell as well, the dictionary did not bring; what stands above a half with shuffled labels is noise.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Sparse probing">
      <table>
        ${head("SAE", ks)}
        <tbody>
          ${probed.map(
            ({ subject, probing }) =>
              html`<tr>
                <th scope="row">${subject.label}</th>
                ${means(probing, ks)}
              </tr> `
          )}
        </tbody>
      </table>
    </div>
    ${probed.map(({ subject, index, probing }) => tasksOf(subject, index, probing))}`
}
