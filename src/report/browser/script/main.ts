/** The page's script: the theme, the browsers, links between them, covered words, downloads, and the search key. Runs in the reader's browser. */
import type { BrowserData } from "../browser-data.ts"
import { browseLatents } from "./browse-latents.ts"
import { browseMetaLatents } from "./browse-meta-latents.ts"
import { element } from "./element.ts"
import { hrefOf, type LinkKind, linkOf, type OnChoice } from "./links.ts"
import { listedLatents } from "./listed-latents.ts"
import { compareSaes } from "./compare-saes.ts"
import { copyButtons } from "./copy-buttons.ts"
import { ask, isAsked, shownText } from "./masking.ts"
import { offerDownloads } from "./table-downloads.ts"

// The page holds what `browserData` wrote, by the same version of this code.
const data = JSON.parse(document.getElementById("data")?.textContent ?? "") as BrowserData

const root = document.documentElement
document.getElementById("theme")?.addEventListener("click", () => {
  const { theme } = root.dataset
  const dark = theme === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark"
  root.dataset["theme"] = dark ? "light" : "dark"
})

/** The address names what is shown, without a step in the history for every key. */
const remember =
  (what: LinkKind): OnChoice =>
  (group, id, view) =>
    history.replaceState(null, "", hrefOf({ what, group, id, view }))

const comparePlace = document.getElementById("compare-saes")
const metricsTable = document.querySelector<HTMLTableElement>("#all-metrics table")
if (comparePlace !== null && metricsTable !== null) compareSaes(comparePlace, metricsTable)

// Before the browsers are filled: their tables are not the page's own.
offerDownloads(document)
copyButtons(document)

const listed = data.subjects.map(listedLatents)
const latentPlace = document.getElementById("latent-browser")
const metaPlace = document.getElementById("meta-browser")
const latents = latentPlace === null ? undefined : browseLatents(latentPlace, data, listed, remember("latent"))
const metas = metaPlace === null ? undefined : browseMetaLatents(metaPlace, data, listed, remember("meta"))

const follow = (): void => {
  const link = linkOf(location.hash)
  if (link === undefined) return
  const { what, group, id, view = { search: "", order: 0 } } = link
  const shown =
    what === "latent"
      ? latents?.show(group, view, id === undefined ? undefined : (latent) => latent.id === id)
      : metas?.show(group, view, id === undefined ? undefined : ([meta]) => meta === id)
  if (shown === true) (what === "latent" ? latentPlace : metaPlace)?.scrollIntoView({ block: "start" })
}
/** Words that the page's own tables show stand covered there, with what is below the cover beside them. */
const cover = (): void => {
  for (const word of document.querySelectorAll<HTMLElement>("[data-covered]")) {
    word.textContent = shownText(word.dataset["covered"] ?? "")
  }
}
const uncover = element("button", { type: "button", class: "uncover", "aria-pressed": "false" }, "Show covered words")
uncover.addEventListener("click", () => {
  ask(!isAsked())
  uncover.setAttribute("aria-pressed", String(isAsked()))
  cover()
  latents?.redraw()
  metas?.redraw()
})
if (data.covers || document.querySelector("[data-covered]") !== null) document.getElementById("theme")?.before(uncover)
addEventListener("hashchange", follow)
document.addEventListener("click", ({ target }) => {
  const link = target instanceof Element ? target.closest("a[href^='#latent/'], a[href^='#meta/']") : null
  // The same link twice changes no hash.
  if (link?.getAttribute("href") === location.hash) follow()
})
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "")
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return
  const target = latents ?? metas
  if (target === undefined) return
  event.preventDefault()
  target.focusSearch()
  ;(latents === undefined ? metaPlace : latentPlace)?.scrollIntoView({ block: "nearest" })
})
follow()
