/** The browser of meta-latents: each with the latents that it is strongest in. */
import type { BrowserData, MetaData } from "../browser-data.ts"
import { element } from "./element.ts"
import { hrefOf, type OnChoice } from "./links.ts"
import { type ListBrowser, listBrowser } from "./list-browser.ts"
import type { ListedLatent } from "./listed-latents.ts"
import { shownText } from "./masking.ts"
import { numberText } from "./number-text.ts"

type MetaLatent = MetaData["metas"][number]

export const browseMetaLatents = (
  place: HTMLElement,
  data: BrowserData,
  listed: ReadonlyArray<ReadonlyArray<ListedLatent>>,
  onChoice: OnChoice
): ListBrowser<MetaLatent> => {
  const latentsOf = listed.map((latents) => new Map(latents.map((latent) => [latent.id, latent])))
  const explained = ({ base }: MetaData, id: number): ListedLatent | undefined => latentsOf[base]?.get(id)
  /** Why a latent has no entry: a dashboard lists all that fire, explanations only those that were sampled. */
  const missing = ({ base }: MetaData): string => {
    const subject = data.subjects[base]
    if (subject?.others !== undefined) return "does not fire in the rows of the dashboard"
    return subject === undefined || subject.latents.length === 0 ? "nothing is known of it here" : "not in the sample"
  }
  const summary = (meta: MetaData, ids: ReadonlyArray<number>): string => {
    const known = ids.flatMap((id) => explained(meta, id)?.text ?? [])
    return known.length > 0 ? known.slice(0, 2).join(" / ") : `latents ${ids.slice(0, 6).join(", ")}`
  }
  const row = (meta: MetaData, latent: number, activation: number): HTMLElement => {
    const known = explained(meta, latent)
    const href = hrefOf({ what: "latent", group: meta.base, id: latent })
    return element(
      "tr",
      {},
      element("td", {}, known === undefined ? String(latent) : element("a", { href }, String(latent))),
      element("td", {}, numberText(activation)),
      element(
        "td",
        { class: "text" },
        known === undefined ? element("span", { class: "empty" }, missing(meta)) : shownText(known.text)
      )
    )
  }
  return listBrowser({
    place,
    name: "meta-latents",
    groups: data.metas.map((meta) => ({ ...meta, items: meta.metas })),
    orders: [
      { label: "Most latents first", compare: (a, b) => b[1] - a[1] || a[0] - b[0] },
      { label: "Fewest latents first", compare: (a, b) => a[1] - b[1] || a[0] - b[0] },
      { label: "By number", compare: (a, b) => a[0] - b[0] }
    ],
    describe: ([id, count, ids], meta) => ({
      id: String(id),
      value: `${numberText(count)} ${count === 1 ? "latent" : "latents"}`,
      what: shownText(summary(meta, ids))
    }),
    detail: ([id, count, ids, activations], meta) => {
      const strongest = ids.length < count ? `; the ${numberText(ids.length)} strongest:` : ":"
      const head = [["Latent"], ["Activation"], ["Explanation", "text"]].map(([name, kind]) =>
        element("th", { scope: "col", class: kind }, name)
      )
      const body = ids.map((latent, i) => row(meta, latent, activations[i] ?? 0))
      const table = element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, body))
      return [
        element("h3", {}, `Meta-latent ${id}`),
        element("p", { class: "note" }, `Part of ${numberText(count)} latents${strongest}`),
        element(
          "div",
          { class: "scroll", tabindex: "0", role: "region", "aria-label": `Latents of meta-latent ${id}` },
          table
        )
      ]
    },
    haystack: ([id, , ids], meta) =>
      [id, ...ids.map((latent) => `${latent} ${explained(meta, latent)?.text ?? ""}`)].join("\n").toLowerCase(),
    onChoice: (group, item, view) => onChoice(group, item?.[0], view)
  })
}
