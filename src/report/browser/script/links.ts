/**
 * Addresses of what a browser shows: `#latent/<subject>/<id>`, in the explorer of meta-latents `#explore/<meta>/<latent>` and
 * `#meta/<meta>/<id>`, and after a `?` what was searched, how it is ordered, which are shown, what was drawn round on the map, and whether that is
 * looked at. Without an id where nothing matches.
 */
export type LinkKind = "latent" | "explore" | "meta"

/** What a reader chose beside the item. */
export interface View {
  readonly search: string
  /** Index of the order. */
  readonly order: number
  /** Key of those that are shown; empty: all. */
  readonly only?: string
  /** As `area.ts` writes it; empty: all of the map. */
  readonly area?: string
  readonly map?: boolean
}

export interface Link {
  readonly what: LinkKind
  readonly group: number
  readonly id?: number | undefined
  readonly view?: View
}

export type OnChoice = (group: number, id: number | undefined, view: View) => void

export const hrefOf = ({ what, group, id, view }: Link): string => {
  const chosen = new URLSearchParams()
  if (view !== undefined && view.search !== "") chosen.set("q", view.search)
  if (view !== undefined && view.order !== 0) chosen.set("order", String(view.order))
  if (view?.only) chosen.set("only", view.only)
  if (view?.area) chosen.set("area", view.area)
  if (view?.map === true) chosen.set("map", "1")
  const query = chosen.toString()
  return `#${what}/${group}${id === undefined ? "" : `/${id}`}${query === "" ? "" : `?${query}`}`
}

export const linkOf = (hash: string): Link | undefined => {
  const [, what, group, id, query = ""] = /^#(latent|explore|meta)\/(\d+)(?:\/(\d+))?(?:\?(.*))?$/.exec(hash) ?? []
  if (hash === "#explorer") return { what: "explore", group: 0 }
  if (what === undefined) return undefined
  const chosen = new URLSearchParams(query)
  return {
    what: what as LinkKind,
    group: Number(group),
    id: id === undefined ? undefined : Number(id),
    view: {
      search: chosen.get("q") ?? "",
      order: Number(chosen.get("order")) || 0,
      only: chosen.get("only") ?? "",
      area: chosen.get("area") ?? "",
      map: chosen.has("map")
    }
  }
}
