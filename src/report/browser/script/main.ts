/** The page's script: the theme, the two browsers, links between them, and the search key. Runs in the reader's browser. */
import type { BrowserData } from "../browser-data.ts"
import { browseLatents } from "./browse-latents.ts"
import { browseMetaLatents } from "./browse-meta-latents.ts"
import { hrefOf, type LinkKind, linkOf } from "./links.ts"

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
  (what: LinkKind) =>
  (group: number, id: number): void =>
    history.replaceState(null, "", hrefOf({ what, group, id }))

const latentPlace = document.getElementById("latent-browser")
const metaPlace = document.getElementById("meta-browser")
const latents = latentPlace === null ? undefined : browseLatents(latentPlace, data, remember("latent"))
const metas = metaPlace === null ? undefined : browseMetaLatents(metaPlace, data, remember("meta"))

const follow = (): void => {
  const link = linkOf(location.hash)
  if (link === undefined) return
  const { what, group, id } = link
  const shown =
    what === "latent" ? latents?.show(group, (latent) => latent.id === id) : metas?.show(group, ([meta]) => meta === id)
  if (shown === true) (what === "latent" ? latentPlace : metaPlace)?.scrollIntoView({ block: "start" })
}
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
