/** How far the headline figures move with the seed of the training: a row for SAEs that are alike in all but it. */
import { oneSeed, seedInterval } from "../../numeric/seed-interval.ts"
import { estimate } from "../page/estimate.ts"
import { formatPercent } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { bySeed, type Seeded, type SeedGroup } from "../page/over-seeds.ts"
import { type ReportInput, sizeLabel, type Subject } from "../page/subjects.ts"
import { headlineFigures } from "./headline-figures.ts"

const withSeed = <A extends Seeded>(placed: ReadonlyArray<A>): ReadonlyArray<A> =>
  placed.filter(({ at }) => at["seed"] !== undefined)

/** Those with two seeds and more. */
const severalSeeds = <A extends Seeded>(
  placed: ReadonlyArray<A>,
  otherwise: (each: A) => string
): ReadonlyArray<SeedGroup<A>> => bySeed(withSeed(placed), otherwise).filter(({ members }) => members.length > 1)

/** What has one seed, though the seed is an axis, is told: else an interval of what it was measured on passes for one over seeds. */
const aloneNote = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  const groups = Map.groupBy(bySeed(withSeed(subjects), sizeLabel), ({ label }) => label)
  // Several of one label are those that nothing tells apart, not one seed.
  const alone = [...groups.values()].flatMap(([group, ...others]) =>
    group !== undefined && others.length === 0 && group.members.length === 1 ? [group] : []
  )
  return alone.length === 0
    ? undefined
    : html`<p class="note">${alone.map(({ label }) => label).join("; ")}: ${oneSeed}.</p>`
}

/** @param all number of seeds in the row: not every one need have the figure */
const cell = (values: ReadonlyArray<number>, all: number, format: (value: number) => string): Html => {
  if (values.length < 2) return html`–`
  const { mean, ...interval } = seedInterval(values)
  const fewer = values.length < all ? html`<span class="sub">${values.length} seeds</span>` : undefined
  // That none of three found any is not 0 ± 0.
  const noise = interval.high > interval.low ? interval : undefined
  return html`${estimate(mean, noise, format, `${values.length} seeds`)}${fewer}`
}

const saeTable = (groups: ReadonlyArray<SeedGroup<Subject>>): Html | undefined => {
  const numbers = (members: ReadonlyArray<Subject>, of: (typeof headlineFigures)[number]["of"]) =>
    members.flatMap((member) => {
      const figure = of(member)
      return figure === undefined || typeof figure === "string" ? [] : [figure.value]
    })
  const shown = headlineFigures.filter(({ of }) => groups.some(({ members }) => numbers(members, of).length > 1))
  if (shown.length === 0) return undefined
  return table(
    ["SAE", ...shown.map(({ name }) => name)],
    groups.map(({ label, members }) => ({
      label,
      seeds: members.length,
      cells: shown.map(({ of, format }) => cell(numbers(members, of), members.length, format))
    }))
  )
}

const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<{ readonly label: string; readonly seeds: number; readonly cells: ReadonlyArray<Html> }>
): Html => {
  const [first, ...names] = head
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${first} over seeds">
    <table class="stacked">
      <thead>
        <tr>
          <th scope="col">${first}</th>
          <th scope="col">Seeds</th>
          ${names.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ label, seeds, cells }) =>
            html`<tr>
              <th scope="row">${label}</th>
              <td>${seeds}</td>
              ${cells.map((each) => html`<td>${each}</td>`)}
            </tr> `
        )}
      </tbody>
    </table>
  </div>`
}

const stitchedSizes = ({ value }: ReportInput["stitchings"][number]): string =>
  `${value.small.d_sae} → ${value.large.d_sae} latents`

const decomposedSize = ({ value }: ReportInput["metaSaes"][number]): string => `of ${value.base.d_sae} latents`

/** Those that are in a mean. */
export const inMeans = (subjects: ReadonlyArray<Subject>): ReadonlySet<Subject> =>
  new Set(severalSeeds(subjects, sizeLabel).flatMap(({ members }) => members))

/** Undefined where nothing has a seed of its own. */
export const seedMeans = (
  { stitchings, metaSaes }: Pick<ReportInput, "stitchings" | "metaSaes">,
  subjects: ReadonlyArray<Subject>
): Html | undefined => {
  const stitched = severalSeeds(
    stitchings.map((each) => ({ ...each, apart: [stitchedSizes(each)] })),
    stitchedSizes
  )
  const decomposed = severalSeeds(
    metaSaes.map((each) => ({ ...each, apart: [decomposedSize(each)] })),
    decomposedSize
  )
  const tables = [
    saeTable(severalSeeds(subjects, sizeLabel)),
    stitched.length === 0
      ? undefined
      : table(
          ["Stitching", "Novel latents"],
          stitched.map(({ label, members }) => ({
            label,
            seeds: members.length,
            cells: [
              cell(
                members.map(({ value }) => value.counts.novel / value.large.d_sae),
                members.length,
                formatPercent
              )
            ]
          }))
        ),
    decomposed.length === 0
      ? undefined
      : table(
          ["Meta-SAE", "Decoder variance explained", "Of random rows"],
          decomposed.map(({ label, members }) => ({
            label,
            seeds: members.length,
            cells: [
              cell(
                members.map(({ value }) => value.decoder_variance_explained),
                members.length,
                formatPercent
              ),
              cell(
                members.map(({ value }) => value.random_variance_explained),
                members.length,
                formatPercent
              )
            ]
          }))
        )
  ].filter((each) => each !== undefined)
  const alone = aloneNote(subjects)
  if (tables.length === 0)
    return (
      alone &&
      html`<h3 id="seeds">Over seeds</h3>
        ${alone}`
    )
  return html`<h3 id="seeds">Over seeds</h3>
    <p class="note">
      Means over SAEs that differ in the seed of their training alone, with 95 % intervals by Student's t. A difference
      between two rows that is smaller than their intervals may be the seed's.
    </p>
    ${alone} ${tables}`
}
