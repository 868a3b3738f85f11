/** What the page shows of one latent. */
import type { BrowserData, SubjectData } from "../browser-data.ts"
import type { ExampleData, LatentData } from "../latent-data.ts"
import { fitted } from "./fit-tables.ts"
import { element } from "./element.ts"
import type { ExploredMeta } from "./explored-meta.ts"
import { f1LowerBound } from "./f1-lower-bound.ts"
import { hrefOf } from "./links.ts"
import { numberText, percentText } from "./number-text.ts"
import { shownLabel, shownText } from "./masking.ts"
import { stitchedSteps } from "./stitched.ts"
import { chip, example } from "./tokens.ts"

type Nodes = ReadonlyArray<HTMLElement>

/** A number that leads to what it names, with its weight. */
const linked = (href: string, id: number, weight: number): HTMLElement =>
  element("span", {}, element("a", { href }, String(id)), element("small", {}, ` ${numberText(weight)}`))

const heading = (text: string): HTMLElement => element("h4", {}, text)

const bar = (label: string, share: number, other = false): Nodes => [
  element("span", {}, label),
  element(
    "span",
    { class: "track" },
    element("div", { class: other ? "fill other" : "fill", "--w": share.toFixed(4) })
  ),
  element("span", {}, numberText(share))
]

const score = ({ score: figures, patterns: rows }: LatentData): Nodes => {
  const title = heading("Score of the explanation")
  if (figures === null) {
    // Nothing was explained, so there is nothing to score.
    if (rows.length === 0) return []
    const text = "Not scored: it does not fire above the threshold on held-out text."
    return [title, element("p", { class: "empty" }, text)]
  }
  const [f1 = 0, shuffled = 0, precision = 0, recall = 0, balanced = 0, found = 0, wrong = 0, missed = 0] = figures
  const counts = `${numberText(found)} found, ${numberText(wrong)} false, ${numberText(missed)} missed on held-out rows`
  return [
    title,
    element("div", { class: "compare" }, [
      ...bar("F1", f1),
      ...bar("F1, at least (95 %)", f1LowerBound(found, wrong, missed)),
      ...bar("shuffled F1", shuffled, true),
      ...bar("precision", precision),
      ...bar("recall", recall),
      ...bar("balanced accuracy", balanced)
    ]),
    element("p", { class: "note" }, counts)
  ]
}

const activations = ({ histogram, max, density }: LatentData): Nodes => {
  const tallest = Math.log1p(Math.max(1, ...histogram))
  const bars = histogram.map((count, i) => {
    const [low, high] = [(max * i) / histogram.length, (max * (i + 1)) / histogram.length]
    const title = `${numberText(low)} to ${numberText(high)}: ${numberText(count)} rows`
    return element("i", { "--h": (Math.log1p(count) / tallest).toFixed(3), title })
  })
  const note = `Fires on ${percentText(density)} of the rows, at most ${numberText(max)}; bars count rows on a log scale.`
  return [
    heading("Activations"),
    element("div", { class: "spark", role: "img", "aria-label": "Histogram of activations" }, bars),
    element("div", { class: "ends", "aria-hidden": "true" }, [
      element("span", {}, "0"),
      element("span", {}, "activation"),
      element("span", {}, numberText(max))
    ]),
    element("p", { class: "note" }, note)
  ]
}

const patternColumns = [
  ["Pattern", undefined],
  ["Activation", "predicted activation, as a share of the maximum"],
  ["Matches", "training positions that it matches"],
  ["Precision", "share of these on which the latent fires"]
] as const

const patterns = ({ patterns: rows, more }: LatentData, { texts }: SubjectData): Nodes => {
  if (rows.length === 0) return []
  const head = patternColumns.map(([name, title]) => element("th", { scope: "col", title }, name))
  const body = rows.map(([tokens, activation, matches, hits]) =>
    element(
      "tr",
      {},
      element(
        "td",
        {},
        tokens.map((id) => chip(texts, id))
      ),
      [activation, matches, hits].map((value) => element("td", {}, numberText(value)))
    )
  )
  const table = element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, body))
  return [
    heading("Patterns"),
    fitted(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Patterns" }, table)),
    ...(more > 0 ? [element("p", { class: "note" }, `${numberText(more)} more`)] : [])
  ]
}

const stitching = ({ id, stitch }: LatentData, { subjects, stitched }: BrowserData, index: number): Nodes => {
  const steps = stitchedSteps(
    stitched,
    subjects.map(({ label }) => label),
    index,
    id
  )
  if (stitch === undefined) return steps.length === 0 ? [] : [heading("Stitching"), ...steps]
  const [delta, cosine, nearest] = stitch
  const small = subjects[index]?.stitchedFrom
  const text =
    `${delta < 0 ? "Novel" : "Reconstruction"}: added alone to the small SAE it changes the mean squared error by ` +
    `${numberText(delta)}; nearest there is latent `
  const there =
    small === undefined
      ? String(nearest)
      : element("a", { href: hrefOf({ what: "latent", group: small, id: nearest }) }, String(nearest))
  return [heading("Stitching"), element("p", {}, text, there, ` (cosine ${numberText(cosine)}).`), ...steps]
}

const absorption = ({ id }: LatentData, { absorption: of = [] }: SubjectData): Nodes => {
  const own = of.filter(([latent]) => latent === id)
  if (own.length === 0) return []
  return [
    heading("Absorption"),
    ...own.map(([, letter, words]) =>
      element(
        "p",
        {},
        words === null ? `It stands for ${letter}.` : `It absorbs ${letter} in ${words.map(shownText).join(", ")}.`
      )
    )
  ]
}

const metaLatents = ({ id }: LatentData, index: number, explored: ReadonlyArray<ExploredMeta>): Nodes =>
  explored.flatMap((meta) => {
    const own = meta.base === index ? meta.metasOf(id) : []
    if (own.length === 0) return []
    const parts = own.map(([id, activation]) => linked(hrefOf({ what: "meta", group: meta.place, id }), id, activation))
    const href = hrefOf({ what: "explore", group: meta.place, id })
    return [
      heading("Meta-latents"),
      element("p", { class: "listed" }, parts, element("a", { href }, "with the latents that share them"))
    ]
  })

const related = ({ near = [], together = [], cosine }: LatentData, index: number): Nodes => {
  const list = (title: string, rows: LatentData["promoted"]): Nodes =>
    rows.length === 0
      ? []
      : [
          heading(title),
          element(
            "p",
            { class: "listed" },
            rows.map(([id, weight]) => linked(hrefOf({ what: "latent", group: index, id }), id, weight))
          )
        ]
  return [
    ...list("Nearest decoder directions (cosine)", near),
    ...list("Fires on the same tokens (Jaccard)", together),
    ...(cosine === undefined
      ? []
      : [element("p", { class: "note" }, `Cosine of its encoder and decoder directions: ${numberText(cosine)}.`)])
  ]
}

const atPivot = ([, pivot, , activations]: ExampleData): number => activations[pivot] ?? 0

const weights = ({ texts }: SubjectData, title: string, rows: LatentData["promoted"]): HTMLElement => {
  const body = rows.map(([id, weight]) =>
    element("tr", {}, element("td", {}, chip(texts, id)), element("td", {}, numberText(weight)))
  )
  return element("div", {}, heading(title), element("table", { class: "weights" }, element("tbody", {}, body)))
}

/** @param index of its SAE */
export const latentDetail = (
  latent: LatentData,
  data: BrowserData,
  index: number,
  metas: ReadonlyArray<ExploredMeta>
): Nodes => {
  const subject = data.subjects[index] as SubjectData
  const { max, top, bands, promoted, suppressed } = latent
  const examples = (items: LatentData["top"]): HTMLElement =>
    element(
      "div",
      {},
      items.map((item) => example(subject, max, item))
    )
  return [
    element("h3", {}, `Latent ${latent.id}`),
    element("p", { class: "explanation" }, shownLabel(latent.text)),
    heading("Strongest activations"),
    examples(top),
    ...score(latent),
    ...activations(latent),
    ...patterns(latent, subject),
    ...stitching(latent, data, index),
    ...absorption(latent, subject),
    ...metaLatents(latent, index, metas),
    ...related(latent, index),
    ...bands.flatMap(([low, high, items]) =>
      items.length === 0
        ? []
        : [
            heading(`Activations from ${percentText(low)} to ${percentText(high)} of the maximum`),
            examples(items.toSorted((a, b) => atPivot(b) - atPivot(a)))
          ]
    ),
    ...(promoted.length === 0
      ? []
      : [
          element(
            "div",
            { class: "two" },
            weights(subject, "Promoted tokens", promoted),
            weights(subject, "Suppressed tokens", suppressed)
          )
        ])
  ]
}
