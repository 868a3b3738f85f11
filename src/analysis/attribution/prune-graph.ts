/**
 * What of an attribution graph matters to the logits, and how much of it goes through latents. Shares of influence as in
 * circuit-tracer 0.5 (`graph.py`) and Ameisen et al. 2025: an edge's weight is its share of the absolute edges into its
 * target, a node's influence the sum over all paths to the logits, each logit counted by its probability.
 */
import type { AttributionGraph } from "./attribution-graph.ts"

type Edges = Pick<AttributionGraph, "size" | "edges">

/** Absolute edges as shares of those into the same target; rows without any stay 0. */
const inputShares = ({ size, edges }: Edges): Float64Array => {
  const shares = new Float64Array(edges.length)
  for (let target = 0; target < size; target++) {
    let sum = 0
    for (let source = 0; source < size; source++) sum += Math.abs(edges[target * size + source]!)
    const divisor = Math.max(sum, 1e-10)
    for (let at = target * size; at < (target + 1) * size; at++) shares[at] = Math.abs(edges[at]!) / divisor
  }
  return shares
}

/** start A + start A^2 + ...: it ends, since edges lead only forwards. */
const influenceOf = (shares: Float64Array, size: number, start: Float64Array): Float64Array => {
  const influence = new Float64Array(size)
  let current = start
  while (current.some((value) => value !== 0)) {
    const next = new Float64Array(size)
    for (let target = 0; target < size; target++) {
      const weight = current[target]!
      if (weight === 0) continue
      for (let source = 0; source < size; source++) next[source]! += weight * shares[target * size + source]!
    }
    for (let node = 0; node < size; node++) influence[node]! += next[node]!
    current = next
  }
  return influence
}

/** By node: the probability of a logit, 0 of all others. */
const logitWeights = ({ size, logits }: AttributionGraph): Float64Array => {
  const weights = new Float64Array(size)
  for (const [n, { probability }] of logits.entries()) weights[size - logits.length + n] = probability
  return weights
}

/** The score from which on scores, the largest first, have this share of their sum. */
const threshold = (scores: Float64Array, share: number): number => {
  const sorted = scores.toSorted().toReversed()
  const total = sorted.reduce((sum, score) => sum + score, 0)
  let sum = 0
  for (const score of sorted) {
    sum += score
    if (sum / total >= share) return score
  }
  return sorted.at(-1) ?? 0
}

export interface PrunedGraph {
  /** By node. */
  readonly nodes: ReadonlyArray<boolean>
  /** [size, size] */
  readonly edges: ReadonlyArray<boolean>
  /** By node: share of all influence that this one and those with more have together. */
  readonly cumulative: Float64Array
}

/** @param node_share share of the influence that the nodes kept have; `edge_share`: that the edges between them have */
export const pruneGraph = (
  graph: AttributionGraph,
  { node_share, edge_share }: { readonly node_share: number; readonly edge_share: number }
): PrunedGraph => {
  const { size, latents, logits, ids } = graph
  /** Tokens and logits stay whatever they do. */
  const inner = size - logits.length - ids.length
  const weights = logitWeights(graph)
  const influence = influenceOf(inputShares(graph), size, weights)
  const least = threshold(influence, node_share)
  const nodes = Array.from(influence, (score, node) => node >= inner || score >= least)

  const kept = graph.edges.map((edge, at) => (nodes[Math.floor(at / size)] && nodes[at % size] ? edge : 0))
  const shares = inputShares({ size, edges: kept })
  const through = influenceOf(shares, size, weights).map((score, node) => score + weights[node]!)
  const scores = shares.map((share, at) => share * through[Math.floor(at / size)]!)
  const leastEdge = threshold(scores, edge_share)
  const edges = Array.from(scores, (score) => score >= leastEdge)

  // A latent or an error that leads nowhere goes, and a latent that nothing leads to; each may leave others so.
  for (let changed = true; changed;) {
    changed = false
    for (let node = 0; node < inner; node++) {
      if (!nodes[node]) continue
      let [comes, goes] = [false, false]
      for (let other = 0; other < size; other++) {
        if (edges[node * size + other]) comes = true
        if (edges[other * size + node]) goes = true
      }
      if (goes && (comes || node >= latents.length)) continue
      nodes[node] = false
      changed = true
    }
    for (let at = 0; at < edges.length; at++) {
      if (edges[at] && !(nodes[Math.floor(at / size)] && nodes[at % size])) edges[at] = false
    }
  }

  const order = Array.from(influence, (_, node) => node).toSorted((a, b) => influence[b]! - influence[a]!)
  const total = influence.reduce((sum, score) => sum + score, 0)
  const cumulative = new Float64Array(size)
  let sum = 0
  for (const node of order) {
    sum += influence[node]!
    cumulative[node] = sum / total
  }
  return { nodes, edges, cumulative }
}

export interface GraphScores {
  /** Of the influence of tokens and errors on the logits, the share of the tokens: paths that never leave the transcoders. */
  readonly replacement: number
  /** Share of the inputs that are no errors, mean over nodes weighted by their influence. */
  readonly completeness: number
}

export const graphScores = (graph: AttributionGraph): GraphScores => {
  const { size, latents, ids, layers } = graph
  const shares = inputShares(graph)
  const weights = logitWeights(graph)
  const influence = influenceOf(shares, size, weights)
  const [from, to] = [latents.length, latents.length + layers * ids.length]
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)
  const [errors, tokens] = [sum(influence.subarray(from, to)), sum(influence.subarray(to, to + ids.length))]
  let [explained, all] = [0, 0]
  for (let node = 0; node < size; node++) {
    const weight = influence[node]! + weights[node]!
    explained += weight * (1 - sum(shares.subarray(node * size + from, node * size + to)))
    all += weight
  }
  return { replacement: tokens / (tokens + errors), completeness: explained / all }
}
