/** The browser of latents: the frame that the page's script fills. */
import { formatInteger, formatNumber, formatPercent } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { meanScores } from "../../interp/mean-scores.ts"
import type { Subject } from "../page/subjects.ts"
import { swatch } from "../charts/swatch.ts"

/** Undefined where nothing was explained. */
export const latentsSection = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  const explained = subjects.flatMap((subject, index) =>
    subject.interpretations === undefined ? [] : [{ label: subject.label, file: subject.interpretations, index }]
  )
  const first = explained[0]
  if (first === undefined) return undefined
  return html`<h2>Latents</h2>
    <p class="note">
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
                    formatInteger(scores.scored),
                    formatNumber(scores.f1),
                    formatNumber(scores.shuffled),
                    formatNumber(scores.precision),
                    formatNumber(scores.recall),
                    formatNumber(scores.balancedAccuracy),
                    formatPercent(scores.beating)
                  ]
            return html`<tr>
              <th scope="row">${swatch(index)}${label}</th>
              <td>${formatInteger(file.latents.length)}</td>
              <td>${formatInteger(file.live)}</td>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr> `
          })}
        </tbody>
      </table>
    </div>
    <p class="note">
      Keys: <kbd>/</kbd> searches, <kbd>↑</kbd> <kbd>↓</kbd> move through the list. Search finds explanations, tokens of
      the top examples, promoted tokens and numbers.
    </p>
    <div class="browser" id="latent-browser"></div>
    <noscript><p class="warn">The list of latents needs JavaScript; the data stand in this file as JSON.</p></noscript>`
}
