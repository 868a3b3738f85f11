/** A latent as the sum of its meta-latents, each with other latents that share it; and which latents share most. */
import { fitted } from "./fit-tables.ts"
import { element } from "./element.ts"
import type { ExploredMeta } from "./explored-meta.ts"
import { latentLink, latentText, metaLink, strength, strongestExamples } from "./latent-row.ts"
import { hrefOf } from "./links.ts"
import { shownLabel } from "./masking.ts"
import { commonTokens } from "./meta-latent-detail.ts"
import type { Weighted } from "./meta-index.ts"
import { numberText } from "./number-text.ts"

const othersShown = 5
const sharingShown = 12

const others = (explored: ExploredMeta, latent: number, meta: number): ReadonlyArray<HTMLElement> => {
  const users = explored.latentsOf(meta)
  const rest = users.filter(([id]) => id !== latent)
  if (rest.length === 0) return [element("p", { class: "empty" }, "No other latent has it.")]
  const largest = users[0]?.[1] ?? 1
  return [
    element(
      "ul",
      { class: "shared" },
      rest
        .slice(0, othersShown)
        .map(([id, activation]) =>
          element(
            "li",
            {},
            latentLink(explored, id),
            strength(activation, largest),
            element("div", { class: "what" }, latentText(explored, id))
          )
        )
    ),
    ...(rest.length > othersShown
      ? [element("p", {}, metaLink(explored, meta, `All ${numberText(users.length)} latents of it`))]
      : [])
  ]
}

const card = (explored: ExploredMeta, latent: number, [meta, activation]: Weighted, largest: number): HTMLElement => {
  const { fires, promotes } = explored.explanation(meta)
  const nothing = fires.length === 0 && promotes.length === 0
  return element(
    "article",
    { class: "meta" },
    element("header", {}, metaLink(explored, meta), strength(activation, largest)),
    commonTokens("Its latents fire on", fires),
    commonTokens("They promote", promotes),
    nothing ? element("p", { class: "empty" }, "Its latents have no word in common.") : undefined,
    others(explored, latent, meta)
  )
}

/** Rows are latents, columns the meta-latents of the latent that is looked at. */
const sharing = (
  explored: ExploredMeta,
  latent: number,
  metas: ReadonlyArray<Weighted>
): ReadonlyArray<HTMLElement> => {
  const shown = explored.sharing(latent).slice(0, sharingShown)
  if (shown.length === 0) return []
  const heads = [
    element("th", { scope: "col" }, "Latent"),
    ...metas.map(([meta]) => element("th", { scope: "col" }, metaLink(explored, meta, String(meta)))),
    element("th", { scope: "col", class: "text" }, "What it fires on")
  ]
  const rows = shown.map(({ id }) => {
    const own = new Map(explored.metasOf(id))
    const cells = metas.map(([meta]) => {
      const activation = own.get(meta)
      return activation === undefined
        ? element("td", { class: "none" }, "–")
        : element("td", {}, element("span", { class: "t", "--a": activation.toFixed(3) }, numberText(activation)))
    })
    return element(
      "tr",
      {},
      element("td", {}, latentLink(explored, id)),
      cells,
      element("td", { class: "text" }, latentText(explored, id))
    )
  })
  return [
    element("h4", {}, "Latents that share most of them"),
    fitted(
      element(
        "div",
        {
          class: "scroll",
          tabindex: "0",
          role: "region",
          "aria-label": `Latents that share meta-latents of ${latent}`
        },
        element(
          "table",
          { class: "sharing" },
          element("thead", {}, element("tr", {}, heads)),
          element("tbody", {}, rows)
        )
      )
    )
  ]
}

export const exploredLatentDetail = (explored: ExploredMeta, latent: number): ReadonlyArray<Node> => {
  const metas = explored.metasOf(latent)
  const largest = metas[0]?.[1] ?? 1
  const known = explored.latents.get(latent)
  return [
    element("h3", {}, `Latent ${latent}`),
    element("p", { class: "explanation" }, known === undefined ? explored.missing : shownLabel(known.text)),
    ...(known === undefined
      ? []
      : [
          element("div", {}, strongestExamples(explored, latent, 3)),
          element(
            "p",
            {},
            element(
              "a",
              { href: hrefOf({ what: "latent", group: explored.base, id: latent }) },
              "Everything about this latent"
            )
          )
        ]),
    element("h4", {}, metas.length === 1 ? "One meta-latent" : `${metas.length} meta-latents`),
    ...(metas.length === 0 ? [element("p", { class: "empty" }, "It has none.")] : []),
    element(
      "div",
      { class: "metas" },
      metas.map((each) => card(explored, latent, each, largest))
    ),
    ...sharing(explored, latent, metas)
  ]
}
