/** The browser of latents: the frame that the page's script fills. */
import { exact } from "../page/exact.ts"
import { formatInteger, formatNumber, formatPercent } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { meanScores } from "../../interp/mean-scores.ts"
import type { InterpretationsFile } from "../../kinds/interpretations.ts"
import type { Subject } from "../page/subjects.ts"
import { swatch } from "../charts/swatch.ts"

/** Which latents can be looked at. */
const listing = (subjects: ReadonlyArray<Subject>): string => {
  const whole = subjects.filter(({ dashboard }) => dashboard !== undefined)
  if (whole.length === 0) return "Only latents with an explanation are listed."
  const all = "latents that fire in the rows of its dashboard are listed, with an explanation or without"
  if (whole.length === subjects.length) return `Of every SAE, all ${all}.`
  return `Of ${whole.map(({ label }) => label).join("; ")}: all ${all}. Of other SAEs, those with an explanation.`
}

/** What the search sees. */
const searched = (subjects: ReadonlyArray<Subject>): string => {
  const explained = subjects.some(({ interpretations }) => interpretations !== undefined)
  const other = subjects.some(({ dashboard }) => dashboard !== undefined)
  const sees = [
    ...(explained
      ? ["of explained latents, explanations, tokens of the top examples, promoted tokens and numbers"]
      : []),
    ...(other ? ["of latents without an explanation, their number and the tokens that their label names"] : [])
  ]
  return `Search finds, ${sees.join("; ")}.`
}

interface Explained {
  readonly label: string
  readonly file: InterpretationsFile
  readonly index: number
}

const explanations = (explained: ReadonlyArray<Explained>): Html | undefined => {
  const first = explained[0]
  if (first === undefined) return undefined
  return html`<p class="note">
      Each explanation is a set of token patterns, found by pruning and masking contexts on training text and scored as
      a classifier on ${formatInteger(first.file.held_out_rows)} held-out rows. The baseline is the mean score of other
      latents' explanations on the same latent.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Explanations">
      <table>
        <thead>
          <tr>
            <th scope="col">SAE</th>
            <th scope="col">Explained</th>
            <th scope="col">Live</th>
            <th scope="col">Scored</th>
            <th scope="col">Mean F1</th>
            <th scope="col">Shuffled</th>
            <th scope="col">Precision</th>
            <th scope="col">Recall</th>
            <th scope="col">Balanced accuracy</th>
            <th scope="col">Beat the baseline</th>
          </tr>
        </thead>
        <tbody>
          ${explained.map(({ label, file, index }) => {
            const scores = meanScores(file)
            const cells =
              scores === undefined
                ? ["0", "–", "–", "–", "–", "–", "–"]
                : [
                    exact(scores.scored, formatInteger),
                    exact(scores.f1, formatNumber),
                    exact(scores.shuffled, formatNumber),
                    exact(scores.precision, formatNumber),
                    exact(scores.recall, formatNumber),
                    exact(scores.balancedAccuracy, formatNumber),
                    exact(scores.beating, formatPercent)
                  ]
            return html`<tr>
              <th scope="row">${swatch(index)}${label}</th>
              <td>${exact(file.latents.length, formatInteger)}</td>
              <td>${exact(file.live, formatInteger)}</td>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr> `
          })}
        </tbody>
      </table>
    </div>`
}

/** Undefined where there is no latent to look at. */
export const latentsSection = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  const explained = subjects.flatMap((subject, index) =>
    subject.interpretations === undefined ? [] : [{ label: subject.label, file: subject.interpretations, index }]
  )
  if (explained.length === 0 && subjects.every(({ dashboard }) => dashboard === undefined)) return undefined
  return html`<h2>Latents</h2>
    ${explanations(explained)}
    <p class="note">${listing(subjects)}</p>
    <p class="note">
      Keys: <kbd>/</kbd> searches, <kbd>↑</kbd> <kbd>↓</kbd> move through the list. ${searched(subjects)}
    </p>
    <div class="browser" id="latent-browser"></div>
    <noscript><p class="warn">The list of latents needs JavaScript; the data stand in this file as JSON.</p></noscript>`
}
