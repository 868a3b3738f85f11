/** Addresses of one latent or meta-latent in the page: `#latent/<subject>/<id>`, `#meta/<meta>/<id>`. */
export type LinkKind = "latent" | "meta"

export interface Link {
  readonly what: LinkKind
  readonly group: number
  readonly id: number
}

export const hrefOf = ({ what, group, id }: Link): string => `#${what}/${group}/${id}`

export const linkOf = (hash: string): Link | undefined => {
  const [, what, group, id] = /^#(latent|meta)\/(\d+)\/(\d+)$/.exec(hash) ?? []
  return what === undefined ? undefined : { what: what as LinkKind, group: Number(group), id: Number(id) }
}
