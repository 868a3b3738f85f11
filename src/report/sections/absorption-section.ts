/** Which first letters, or other classes of words, are hidden in other latents than their own, and in which. */
import { exact } from "../page/exact.ts"
import { whyNotEvaluated } from "../../analysis/absorption/why-not-evaluated.ts"
import type { AbsorptionFile, AbsorptionLetter } from "../../kinds/absorption.ts"
import { absorptionDefinitions } from "./absorption-definitions.ts"
import { absorptionChart, absorptionHeight } from "../charts/absorption-chart.ts"
import { formatInteger, formatNumber, formatPercent } from "../page/format-number.ts"
import type { Html, HtmlValue } from "../page/html.ts"
import { html } from "../page/html.ts"
import { foldSeeds } from "../page/fold-seeds.ts"
import { latentLink } from "../page/latent-link.ts"
import { maskedText } from "../page/masked-text.ts"
import { listedLatents, sizeLabel, type Subject } from "../page/subjects.ts"

/** Names listed in a cell; the rest is counted. */
const maxListed = 4

const listed = <A>(items: ReadonlyArray<A>, show: (item: A) => HtmlValue): HtmlValue => {
  if (items.length === 0) return "–"
  const parts = items.slice(0, maxListed).map((item, i) => html`${i > 0 ? ", " : ""}${show(item)}`)
  return items.length > maxListed ? [...parts, ` and ${items.length - maxListed} more`] : parts
}

const letterRow = (
  subject: number,
  explained: ReadonlySet<number>,
  letter: AbsorptionLetter,
  absorption: AbsorptionFile
): Html =>
  html`<tr>
    <td class="mono">${letter.letter}</td>
    <td>${exact(letter.probe_f1, formatNumber)}</td>
    <td>${exact(letter.k_sparse_f1[0] ?? 0, formatNumber)}</td>
    <td class="text">${listed(letter.split_latents, ({ latent }) => latentLink(subject, latent, explained))}</td>
    <td>
      ${letter.evaluated ? exact(letter.mean_absorption_fraction, formatPercent) : whyNotEvaluated(letter, absorption.settings)}
    </td>
    <td>${letter.evaluated ? `${letter.full_absorptions} of ${letter.probe_true_positives}` : "–"}</td>
    <td>${letter.ablation === null ? "–" : `${letter.ablation.absorptions} of ${letter.ablation.ablated_words}`}</td>
    <td class="text">
      ${listed(letter.ablation?.words ?? [], ({ word, top }) =>
        top[0] === undefined
          ? maskedText(word)
          : html`${latentLink(subject, top[0].latent, explained)} (${maskedText(word)}, ${formatNumber(top[0].effect)})`
      )}
    </td>
    <td class="text">
      ${listed(
        letter.absorbers,
        ({ latent, words }) =>
          html`${latentLink(subject, latent, explained)}
          (${maskedText(words.slice(0, 3).join(", "))}${words.length > 3 ? ", …" : ""})`
      )}
    </td>
  </tr> `

const namesOf = ({ task }: AbsorptionFile): string => (task === "first_letter" ? "Letters" : "Classes")

const one = (subject: Subject, absorption: AbsorptionFile, index: number, highest: number): Html => {
  const explained = listedLatents(subject)
  return html`${absorption.warnings.map((warning) => html`<p class="warn">${subject.label}: ${warning}</p>`)}
    ${absorptionChart(absorption, subject.label, index, highest)}
    <details>
      <summary>${namesOf(absorption)} of ${subject.label}</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="${namesOf(absorption)} of ${subject.label}">
        <table>
          <thead>
            <tr>
              <th scope="col">${absorption.task === "first_letter" ? "Letter" : "Class"}</th>
              <th scope="col">Probe F1</th>
              <th scope="col">F1, k = 1</th>
              <th scope="col" class="text">Own latents</th>
              <th scope="col">Fraction</th>
              <th scope="col">Full</th>
              <th scope="col" title="Of the words whose latents were ablated">By ablation</th>
              <th scope="col" class="text">Absorbing by ablation (word, effect)</th>
              <th scope="col" class="text">Absorbing by projection (words)</th>
            </tr>
          </thead>
          <tbody>
            ${absorption.letters.map((letter) => letterRow(index, explained, letter, absorption))}
          </tbody>
        </table>
      </div>
    </details>`
}

type Task = AbsorptionFile["task"]

interface Placed {
  readonly subject: Subject
  readonly index: number
  readonly absorption: AbsorptionFile
}

const titles: Readonly<Record<Task, string>> = {
  first_letter: "Absorption of first letters",
  part_of_speech: "Absorption of parts of speech",
  number: "Absorption of number",
  capitalisation: "Absorption of capitalisation"
}

const asked = ({ model, probe, task }: AbsorptionFile): Html =>
  model.accuracy === null
    ? html`A linear probe tells the classes of ${formatInteger(model.words)} words in sentences with accuracy
      ${formatNumber(probe.accuracy)} (${probe.letters} ${task === "number" ? "of them" : "classes"} are good enough to
      evaluate).`
    : html`The model names the first letter of ${formatPercent(model.accuracy)} of ${formatInteger(model.words)} words,
      a linear probe finds it with accuracy ${formatNumber(probe.accuracy)} (${probe.letters} letters are good enough to
      evaluate).`

const ofTask = (task: Task, placed: ReadonlyArray<Placed>): Html | undefined => {
  const own = placed.filter(({ absorption }) => absorption.task === task)
  const [first] = own
  if (first === undefined) return undefined
  const highest = Math.max(...own.map(({ absorption }) => absorptionHeight(absorption)))
  return html`<h2>${titles[task]}</h2>
    <p class="note">
      ${asked(first.absorption)} Bars: mean share of the probe's projection that other latents carry; marks: share of
      words in which they carry it alone. Each ± is over words, not over seeds: of first letters, another seed moves the
      share more.
    </p>
    ${absorptionDefinitions(own.map(({ subject: { label }, ...rest }) => ({ label, ...rest })))}
    ${foldSeeds(
      own.map((each) => ({ ...each, at: each.subject.at, apart: each.subject.apart })),
      ({ subject }) => sizeLabel(subject),
      ({ subject, absorption }) =>
        html`${subject.label}: ${exact(absorption.mean_absorption_fraction, formatPercent)} of the projection`,
      ({ subject, index, absorption }) => one(subject, absorption, index, highest)
    )}`
}

/** Undefined where absorption was not evaluated. */
export const absorptionSection = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  const placed = subjects.flatMap((subject, index) =>
    [...(subject.absorption === undefined ? [] : [subject.absorption]), ...subject.classAbsorptions].map(
      (absorption): Placed => ({ subject, index, absorption })
    )
  )
  if (placed.length === 0) return undefined
  return html`${(Object.keys(titles) as ReadonlyArray<Task>).map((task) => ofTask(task, placed))}`
}
