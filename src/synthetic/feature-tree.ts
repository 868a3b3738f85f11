/**
 * Which features fire only with another one: a forest, built level by level as SynthSAEBench does (2602.14687; SAELens
 * `synthetic.hierarchy`). The first features are the roots; each node of a level gets its children before the next node does.
 */

export interface FeatureTree {
  /** Parent of each feature; -1: it has none. A parent has a lower number than its children. */
  readonly parent: Int32Array
  readonly children: ReadonlyArray<ReadonlyArray<number>>
}

/** @param depth levels below the roots; features that are left over stand by themselves */
export const featureTree = (features: number, roots: number, branching: number, depth: number): FeatureTree => {
  const parent = new Int32Array(features).fill(-1)
  const children = Array.from({ length: features }, (): Array<number> => [])
  let next = Math.min(roots, features)
  let level = Array.from({ length: next }, (_, root) => root)
  for (let below = 0; below < depth; below++) {
    const made: Array<number> = []
    for (const node of level) {
      for (let n = 0; n < branching && next < features; n++, next++) {
        parent[next] = node
        children[node]?.push(next)
        made.push(next)
      }
    }
    level = made
  }
  return { parent, children }
}

/**
 * Probabilities to draw with, so that features fire about as often as `wanted` once children without their parent, and all but
 * one of exclusive siblings, are silenced: divided by the parent's, and times 1 + the siblings' share. At most 1.
 */
export const compensated = (
  wanted: Float64Array,
  { parent, children }: FeatureTree,
  exclusive: boolean
): Float64Array => {
  const drawn = wanted.map((p, i) => (parent[i]! < 0 ? p : p / wanted[parent[i]!]!))
  if (exclusive) {
    for (const [node, siblings] of children.entries()) {
      if (siblings.length < 2) continue
      const together = siblings.reduce((sum, i) => sum + wanted[i]!, 0)
      for (const i of siblings) drawn[i]! *= 1 + Math.max(0, together - wanted[i]!) / wanted[node]!
    }
  }
  return drawn.map((p) => Math.min(1, p))
}
