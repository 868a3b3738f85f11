/** What the page shows of one meta-latent: what its latents have in common, and all of them. */
import { element, listen } from "./element.ts"
import type { CommonToken } from "./explain-meta-latent.ts"
import type { ExploredMeta } from "./explored-meta.ts"
import { latentLink, latentText, strength, strongestExamples } from "./latent-row.ts"
import { visibleAlone } from "../../page/readable-text.ts"
import { shownText } from "./masking.ts"
import { numberText } from "./number-text.ts"

/** Rows that stand there at first; of the first of them, an example. */
const rowsShown = 40
const examplesShown = 8

export const commonTokens = (title: string, tokens: ReadonlyArray<CommonToken>): ReadonlyArray<HTMLElement> =>
  tokens.length === 0
    ? []
    : [
        element(
          "p",
          { class: "common" },
          `${title} `,
          tokens.map(({ text, latents }) =>
            element(
              "span",
              { class: "chip", title: `${latents} of its latents` },
              visibleAlone(shownText(text)).replace(/ /g, "·"),
              element("small", {}, ` ${latents}`)
            )
          )
        )
      ]

const row = (explored: ExploredMeta, id: number, activation: number, largest: number, shows: number): HTMLElement =>
  element(
    "tr",
    {},
    element("td", {}, latentLink(explored, id)),
    element("td", { class: "strength" }, strength(activation, largest)),
    element("td", { class: "text" }, latentText(explored, id), strongestExamples(explored, id, shows))
  )

export const metaLatentDetail = (explored: ExploredMeta, meta: number): ReadonlyArray<Node> => {
  const users = explored.latentsOf(meta)
  const largest = users[0]?.[1] ?? 1
  const { fires, promotes } = explored.explanation(meta)
  const known = users.filter(([id]) => explored.latents.has(id)).length
  const head = [["Latent"], ["Activation"], ["What it fires on", "text"]].map(([name, kind]) =>
    element("th", { scope: "col", class: kind }, name)
  )
  const body = element("tbody")
  const add = (from: number, to: number): void =>
    body.append(
      ...users
        .slice(from, to)
        .map(([id, activation], i) => row(explored, id, activation, largest, from + i < examplesShown ? 1 : 0))
    )
  add(0, rowsShown)
  const rest = element("button", { type: "button" }, `All ${numberText(users.length)}`)
  listen(rest, {
    click: () => {
      add(rowsShown, users.length)
      rest.remove()
    }
  })
  return [
    element("h3", {}, `Meta-latent ${meta}`),
    element(
      "p",
      { class: "note" },
      `Part of ${numberText(users.length)} ${users.length === 1 ? "latent" : "latents"}, of which ${numberText(known)} can be looked at here. A number after a word: that many of them have it.`
    ),
    ...commonTokens("Fire on", fires),
    ...commonTokens("Promote", promotes),
    element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": `Latents of meta-latent ${meta}` },
      element("table", { class: "users" }, element("thead", {}, element("tr", {}, head)), body)
    ),
    ...(users.length > rowsShown ? [rest] : [])
  ]
}
