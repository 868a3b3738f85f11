/** The page's script: the theme, the browsers, links between them, covered words, downloads, and the search key. Runs in the reader's browser. */
import type { BrowserData } from "../browser-data.ts"
import { browseDecompositions } from "./browse-decompositions.ts"
import { browseLatents } from "./browse-latents.ts"
import { browseMetaLatents } from "./browse-meta-latents.ts"
import { element } from "./element.ts"
import { exploredMetas } from "./explored-meta.ts"
import { fitTables } from "./fit-tables.ts"
import { hrefOf, type LinkKind, linkOf, type OnChoice } from "./links.ts"
import type { ListBrowser } from "./list-browser.ts"
import { listedLatents } from "./listed-latents.ts"
import { compareSaes } from "./compare-saes.ts"
import { copyButtons } from "./copy-buttons.ts"
import { ask, isAsked, shownText } from "./masking.ts"
import { tellColumns } from "./column-titles.ts"
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
tellColumns(document)
offerDownloads(document)
fitTables(document)
copyButtons(document)

const listed = data.subjects.map(listedLatents)
const explored = exploredMetas(data, listed)
const at = (id: string): HTMLElement | null => document.getElementById(id)
const places: Readonly<Record<LinkKind, HTMLElement | null>> = {
  latent: at("latent-browser"),
  explore: at("explore-browser"),
  meta: at("meta-browser")
}
/** Made when it is first looked at: the explorer counts the words of all latents. */
const made = new Map<LinkKind, ListBrowser>()
const make: Readonly<Record<LinkKind, (place: HTMLElement) => ListBrowser>> = {
  latent: (place) => browseLatents(place, data, listed, explored, remember("latent")),
  explore: (place) => browseDecompositions(place, explored, remember("explore")),
  meta: (place) => browseMetaLatents(place, explored, remember("meta"))
}
const browserOf = (what: LinkKind): ListBrowser | undefined => {
  const place = places[what]
  const browser = made.get(what) ?? (place === null ? undefined : make[what](place))
  if (browser !== undefined) made.set(what, browser)
  return browser
}
browserOf("latent")
const redraw = (): void => {
  for (const browser of made.values()) browser.redraw()
}

/** What is looked at: the explorer takes the place of the report. */
let looking: LinkKind = "latent"
const look = (what: LinkKind): void => {
  looking = what
  document.body.classList.toggle("exploring", what !== "latent")
  for (const kind of ["explore", "meta"] as const) {
    places[kind]?.toggleAttribute("hidden", kind !== what)
    document.querySelector(`#explorer [href="#${kind}/0"]`)?.setAttribute("aria-current", String(kind === what))
  }
}

const follow = (): void => {
  const link = linkOf(location.hash)
  if (link === undefined) {
    const leaves = looking !== "latent"
    look("latent")
    // The browser looked for it while it was not shown.
    if (leaves) at(location.hash.slice(1))?.scrollIntoView({ block: "start" })
    return
  }
  const { what, group, id, view = { search: "", order: 0 } } = link
  look(places[what] === null ? "latent" : what)
  const browser = browserOf(what)
  if (browser?.show(group, view, id) === true) browser.reveal()
}
/** Words that the page's own tables show stand covered there, with what is below the cover beside them. */
const cover = (): void => {
  for (const word of document.querySelectorAll<HTMLElement>("[data-covered]")) {
    word.textContent = shownText(word.dataset["covered"] ?? "")
  }
}
const uncover = element(
  "button",
  { type: "button", class: "uncover", "aria-pressed": "false" },
  element("span", { class: "long" }, "Show covered words"),
  element("span", { class: "brief", "aria-hidden": "true" }, "Uncover")
)
uncover.addEventListener("click", () => {
  ask(!isAsked())
  uncover.setAttribute("aria-pressed", String(isAsked()))
  cover()
  redraw()
})
if (data.covers || document.querySelector("[data-covered]") !== null) document.getElementById("theme")?.before(uncover)
addEventListener("hashchange", follow)
document.addEventListener("click", ({ target }) => {
  const link =
    target instanceof Element ? target.closest("a[href^='#latent/'], a[href^='#explore/'], a[href^='#meta/']") : null
  // The same link twice changes no hash.
  if (link?.getAttribute("href") === location.hash) follow()
})
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "")
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return
  const target = browserOf(looking)
  if (target === undefined) return
  event.preventDefault()
  target.focusSearch()
  places[looking]?.scrollIntoView({ block: "nearest" })
})
follow()
// The parts of the page that hold latents' examples come after this script.
if (document.readyState === "loading") addEventListener("DOMContentLoaded", redraw)
