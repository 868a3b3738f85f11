/** The list of meta-latents, each with what its latents have in common. */
import type { ExploredMeta } from "./explored-meta.ts"
import type { OnChoice } from "./links.ts"
import { type Group, type ListBrowser, listBrowser } from "./list-browser.ts"
import { shownLabel } from "./masking.ts"
import { metaLatentDetail } from "./meta-latent-detail.ts"
import { numberText } from "./number-text.ts"

/** Its number; a list that is filtered and sorted needs no more. */
interface ListedMetaLatent {
  readonly id: number
  readonly latents: number
}

export const browseMetaLatents = (
  place: HTMLElement,
  metas: ReadonlyArray<ExploredMeta>,
  onChoice: OnChoice
): ListBrowser =>
  listBrowser<ListedMetaLatent, ExploredMeta & Group<ListedMetaLatent>>({
    place,
    name: "meta-latents",
    groups: metas.map((meta) => ({
      ...meta,
      items: Array.from({ length: meta.metaLatents }, (_, id) => ({ id, latents: meta.latentsOf(id).length })).filter(
        ({ latents }) => latents > 0
      )
    })),
    orders: [
      { label: "Most latents first", compare: (a, b) => b.latents - a.latents || a.id - b.id },
      { label: "Fewest latents first", compare: (a, b) => a.latents - b.latents || a.id - b.id },
      { label: "By number", compare: (a, b) => a.id - b.id }
    ],
    describe: ({ id, latents }, meta) => ({
      id: String(id),
      value: `${numberText(latents)} ${latents === 1 ? "latent" : "latents"}`,
      what: shownLabel(meta.name(id))
    }),
    detail: ({ id }, meta) => metaLatentDetail(meta, id),
    haystack: ({ id }, meta) =>
      [id, meta.name(id), ...meta.latentsOf(id).map(([latent]) => `${latent} ${meta.latents.get(latent)?.text ?? ""}`)]
        .join("\n")
        .toLowerCase(),
    onChoice: (group, item, view) => onChoice(group, item?.id, view)
  })
