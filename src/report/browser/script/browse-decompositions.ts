/** The list of latents of the explorer: each as a sum of meta-latents. */
import type { ExploredMeta } from "./explored-meta.ts"
import { exploredLatentDetail } from "./explored-latent-detail.ts"
import type { OnChoice } from "./links.ts"
import { type Group, type ListBrowser, listBrowser } from "./list-browser.ts"
import { shownLabel } from "./masking.ts"
import { tokenName } from "../token-name.ts"

interface Decomposed {
  readonly id: number
  /** How many meta-latents it has. */
  readonly metas: number
  readonly density: number
}

export const browseDecompositions = (
  place: HTMLElement,
  metas: ReadonlyArray<ExploredMeta>,
  onChoice: OnChoice
): ListBrowser =>
  listBrowser<Decomposed, ExploredMeta & Group<Decomposed>>({
    place,
    name: "latents",
    groups: metas.map((meta) => ({
      ...meta,
      items: [...meta.latents.values()].flatMap(({ id, density }) => {
        const own = meta.metasOf(id).length
        return own === 0 ? [] : [{ id, metas: own, density }]
      })
    })),
    orders: [
      { label: "Most frequent first", compare: (a, b) => b.density - a.density || a.id - b.id },
      { label: "Rarest first", compare: (a, b) => a.density - b.density || a.id - b.id },
      { label: "Most meta-latents first", compare: (a, b) => b.metas - a.metas || a.id - b.id },
      { label: "By number", compare: (a, b) => a.id - b.id }
    ],
    describe: ({ id, metas: own }, meta) => ({
      id: String(id),
      value: own === 1 ? "1 meta-latent" : `${own} meta-latents`,
      what: shownLabel(meta.latents.get(id)?.text ?? "")
    }),
    detail: ({ id }, meta) => exploredLatentDetail(meta, id),
    haystack: ({ id }, { latents, texts }) => {
      const { text = "", fires = [], promotes = [] } = latents.get(id) ?? {}
      return [id, text, ...[...fires, ...promotes].map((token) => tokenName(texts, token))].join("\n").toLowerCase()
    },
    onChoice: (group, item, view) => onChoice(group, item?.id, view)
  })
