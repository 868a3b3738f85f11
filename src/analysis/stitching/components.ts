/** Connected components of a bipartite graph between the latents of two SAEs. */

export interface Component {
  /** Ascending. */
  readonly small: ReadonlyArray<number>
  /** Ascending. */
  readonly large: ReadonlyArray<number>
}

/**
 * Every latent is in exactly one component, alone if no edge touches it.
 * @param edges pairs (small latent, large latent)
 * @returns components by their lowest large latent, those without one last, by their lowest small latent
 */
export const components = (
  small: number,
  large: number,
  edges: Iterable<readonly [number, number]>
): ReadonlyArray<Component> => {
  const parent = new Uint32Array(small + large)
  for (let i = 0; i < parent.length; i++) parent[i] = i
  const root = (start: number): number => {
    let i = start
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]!]!
      i = parent[i]!
    }
    return i
  }
  for (const [s, l] of edges) {
    const a = root(s)
    const b = root(small + l)
    if (a !== b) parent[Math.max(a, b)] = Math.min(a, b)
  }
  const groups = new Map<number, { readonly small: Array<number>; readonly large: Array<number> }>()
  const groupOf = (node: number) => {
    const r = root(node)
    const known = groups.get(r)
    if (known !== undefined) return known
    const group = { small: [], large: [] }
    groups.set(r, group)
    return group
  }
  for (let l = 0; l < large; l++) groupOf(small + l).large.push(l)
  for (let s = 0; s < small; s++) groupOf(s).small.push(s)
  return [...groups.values()]
}
