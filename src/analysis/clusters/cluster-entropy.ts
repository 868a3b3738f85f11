/**
 * How well latents tell clusters apart: the entropy, in bits, of the cluster of a point that is known to fire a latent,
 * H(cluster | latent), over all pairs of a point and a latent that fires on it.
 */
import { drawnSum } from "../../numeric/bootstrap.ts"

/** Entropy in bits of what these counts are of; 0 of nothing. */
export const entropy = (counts: ArrayLike<number>): number => {
  const values = Array.from(counts)
  const sum = values.reduce((all, count) => all + count, 0)
  return values.reduce((bits, count) => (count === 0 ? bits : bits - (count / sum) * Math.log2(count / sum)), 0)
}

/** A latent that fires on a point. */
export interface Firing {
  readonly point: number
  readonly latent: number
}

export interface ClusterEntropy {
  /** H(cluster | latent), bits. NaN where nothing fires. */
  readonly conditional: number
  /** H(cluster) of the same pairs, bits. */
  readonly marginal: number
  /** I(cluster; latent) / H(cluster): 1 where the latent tells the cluster, 0 where it tells nothing. */
  readonly information: number
}

/** @param times how often each point counts; undefined: once */
export const clusterEntropy = (
  firings: ReadonlyArray<Firing>,
  cluster: ReadonlyArray<number>,
  clusters: number,
  times?: ArrayLike<number>
): ClusterEntropy => {
  const byLatent = new Map<number, Float64Array>()
  const all = new Float64Array(clusters)
  for (const { point, latent } of firings) {
    const of = cluster[point] as number
    const weight = times === undefined ? 1 : (times[point] as number)
    const counts = byLatent.get(latent) ?? new Float64Array(clusters)
    byLatent.set(latent, counts)
    counts[of] = (counts[of] as number) + weight
    all[of] = (all[of] as number) + weight
  }
  const sum = all.reduce((total, count) => total + count, 0)
  const sizes = [...byLatent.values()].map((counts) => counts.reduce((total, count) => total + count, 0))
  const conditional = drawnSum(sizes, [...byLatent.values()].map(entropy)) / sum
  const marginal = entropy(all)
  return { conditional, marginal, information: 1 - conditional / marginal }
}
