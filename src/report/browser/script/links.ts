/**
 * Addresses of what a browser shows: `#latent/<subject>/<id>`, in the explorer of meta-latents `#explore/<meta>/<latent>` and
 * `#meta/<meta>/<id>`, and after a `?` what was searched and how it is ordered. Without an id where nothing matches.
 */
export type LinkKind = "latent" | "explore" | "meta"

/** What a reader chose beside the item. */
export interface View {
  readonly search: string
  /** Index of the order. */
  readonly order: number
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
    view: { search: chosen.get("q") ?? "", order: Number(chosen.get("order")) || 0 }
  }
}
