/** What a language model said of latents (`explain-latents`): how well that tells where they fire, and each of them in full. */
import {
  contrastFigures,
  explanationFigure,
  explanationFigures,
  type FigureName
} from "../../interp/by-model/explanation-metrics.ts"
import { type RankingScorer, rankingScorers } from "../../interp/by-model/score-latent.ts"
import type { ExplainedLatent, ExplanationsFile } from "../../kinds/explanations.ts"
import { swatch } from "../charts/swatch.ts"
import { estimate } from "../page/estimate.ts"
import { exact } from "../page/exact.ts"
import { formatInteger, formatNumber } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { latentLink } from "../page/latent-link.ts"
import { maskedText } from "../page/masked-text.ts"
import { labelOf, listedLatents, type Placed, type Subject } from "../page/subjects.ts"

const figures: ReadonlyArray<readonly [name: FigureName, label: string, title: string]> = [
  ["detection", "Detection", "Mean balanced accuracy: which held-out texts make the latent fire?"],
  ["detection_auc", "Detection, AUC", "Mean AUC of the probability of yes"],
  ["fuzzing", "Fuzzing", "Mean balanced accuracy: are the marked tokens the right ones?"],
  ["fuzzing_auc", "Fuzzing, AUC", "Mean AUC of the probability of yes"],
  ["simulation", "Simulation", "Mean correlation of simulated and true activations"],
  ["surprise", "Surprise", "Mean AUC of how much likelier a text is after the explanation"],
  ["embedding", "Embedding", "Mean AUC of the cosine of text and explanation"]
]

interface Explained {
  readonly file: ExplanationsFile
  readonly label: string
  /** Of its SAE among those of the page; -1 where it is not there. */
  readonly index: number
}

const scored = (all: ReadonlyArray<Explained>): typeof figures =>
  figures.filter(([name]) =>
    all.some(({ file }) => file.latents.some(({ scores }) => explanationFigure(name, scores) !== undefined))
  )

const contrasted = (all: ReadonlyArray<Explained>): ReadonlyArray<RankingScorer> =>
  rankingScorers.filter((scorer) =>
    all.some(({ file }) => file.latents.some(({ contrast }) => typeof contrast?.[scorer] === "number"))
  )

const nameOf = (name: FigureName): string => figures.find(([known]) => known === name)?.[1] ?? name

const meanCells = (
  file: ExplanationsFile,
  shown: ReturnType<typeof scored>,
  contrasts: ReadonlyArray<RankingScorer>
): ReadonlyArray<Html> => {
  const names = shown.map(([name]) => name)
  const means = { ...explanationFigures(file.latents, names), ...contrastFigures(file.latents, contrasts) }
  const cell = (name: string): Html => {
    const figure = means[name]
    if (figure === undefined || (typeof figure === "object" && "unmeasured" in figure)) return html`<td>–</td>`
    const { value, ...interval } = typeof figure === "number" ? { value: figure } : figure
    return html`<td>
      ${estimate(value, "low" in interval ? interval : undefined, formatNumber, "the scored latents")}
    </td>`
  }
  return [
    ...shown.flatMap(([name]) => [cell(name), cell(`${name}_shuffled`)]),
    ...contrasts.map((scorer) => cell(`${scorer}_contrast`))
  ]
}

const summaryTable = (
  all: ReadonlyArray<Explained>,
  shown: ReturnType<typeof scored>,
  contrasts: ReadonlyArray<RankingScorer>
): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="Explanations and their scores">
    <table>
      <thead>
        <tr>
          <th scope="col">SAE</th>
          <th scope="col" class="text">Made by</th>
          <th scope="col">Explained</th>
          <th scope="col" title="Answers that could not be read as what was asked for">Unread</th>
          ${shown.map(
            ([, name, title]) =>
              html`<th scope="col" title="${title}">${name}</th>
                <th scope="col" title="The same texts by another latent's explanation">${name}, shuffled</th>`
          )}
          ${contrasts.map(
            (scorer) =>
              html`<th
                scope="col"
                title="Mean AUC of each text's number less the same text's by another latent's explanation: 0.5 by chance"
              >
                ${nameOf(scorer)}, contrast
              </th>`
          )}
        </tr>
      </thead>
      <tbody>
        ${all.map(
          ({ file, label, index }) =>
            html`<tr>
              <th scope="row">${index < 0 ? undefined : swatch(index)}${label}</th>
              <td class="text">${madeBy(file)}</td>
              <td>${exact(file.latents.filter(({ explanation }) => explanation !== null).length, formatInteger)}</td>
              <td>${exact(file.unread, formatInteger)}</td>
              ${meanCells(file, shown, contrasts)}
            </tr> `
        )}
      </tbody>
    </table>
  </div>`

/** Who wrote the explanations, from what, and whose model read texts by them. */
const madeBy = ({ judge, made = { from: "examples", by: "model" }, model }: ExplanationsFile): string =>
  [
    made.by === "list" ? "a list of tokens" : model,
    `from ${made.from.replaceAll("_", " ")}`,
    ...(made.by === "list" && model !== "nobody" ? [`asked: ${model}`] : []),
    ...(judge === undefined || judge === model ? [] : [`read by ${judge}`])
  ].join(", ")

/** The best told first, by the first scorer; those without a score last. */
const byScore = (shown: ReturnType<typeof scored>) => (a: ExplainedLatent, b: ExplainedLatent) => {
  const [first] = shown
  const of = ({ scores }: ExplainedLatent) =>
    (first === undefined ? undefined : explanationFigure(first[0], scores)) ?? -Infinity
  return of(b) === of(a) ? a.latent - b.latent : of(b) - of(a)
}

const latentsTable = (
  { file, label, index }: Explained,
  shown: ReturnType<typeof scored>,
  listed: ReadonlySet<number>
): Html =>
  html`<details>
    <summary>What is said of ${label}: ${madeBy(file)}</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="What is said of ${label}: ${madeBy(file)}">
      <table>
        <thead>
          <tr>
            <th scope="col">Latent</th>
            <th scope="col" class="text">Explanation</th>
            ${shown.map(
              ([, name]) =>
                html`<th scope="col">${name}</th>
                  <th scope="col">${name}, shuffled</th>`
            )}
          </tr>
        </thead>
        <tbody>
          ${file.latents.toSorted(byScore(shown)).map(
            ({ latent, explanation, scores, shuffled }) =>
              html`<tr>
                <td>${index < 0 ? String(latent) : latentLink(index, latent, listed)}</td>
                <td class="text">${explanation === null ? "no answer could be read" : maskedText(explanation)}</td>
                ${shown.flatMap(([name]) =>
                  [scores, shuffled].map((each) => {
                    const value = explanationFigure(name, each)
                    return html`<td>${value === undefined ? "–" : exact(value, formatNumber)}</td>`
                  })
                )}
              </tr> `
          )}
        </tbody>
      </table>
    </div>
  </details>`

/** Undefined where no language model was asked. */
export const explanationsSection = (
  explanations: ReadonlyArray<Placed<ExplanationsFile>>,
  subjects: ReadonlyArray<Subject>
): Html | undefined => {
  if (explanations.length === 0) return undefined
  const all = explanations.map(({ at, value }): Explained => {
    const index = subjects.findIndex(({ digest }) => digest === value.sae.digest)
    return { file: value, index, label: subjects[index]?.label ?? labelOf(at, `${value.sae.d_sae} latents`) }
  })
  const shown = scored(all)
  return html`<h2>Explanations</h2>
    <p class="note">
      These latents were explained from training text, or from the tokens that they promote; the scores say what a
      language model can tell of held-out text from the explanation, and beside them what it can tell from another
      latent's.
    </p>
    ${summaryTable(all, shown, contrasted(all))}
    ${all.map((each) => {
      const subject = subjects[each.index]
      return latentsTable(each, shown, subject === undefined ? new Set() : listedLatents(subject))
    })}`
}
