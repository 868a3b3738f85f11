/**
 * Which directions have to be patched, by the rule of ACDC (Conmy et al. 2304.14997) as Cunningham et al. (2309.08600, section 4) use it: all are
 * patched; for one threshold after the other, from the smallest on, each is visited in a random order and taken out where that
 * raises the divergence by less than the threshold.
 */
import type { Rng } from "../../random/rng.ts"

export interface PrunedSet {
  readonly threshold: number
  readonly kept: ReadonlyArray<number>
}

/**
 * @param count directions 0 to count - 1
 * @param thresholds ascending
 * @param divergence of the patched run, with these directions patched
 * @param onVisit told after every one that is visited
 */
export const prunePatches = function* (
  count: number,
  thresholds: ReadonlyArray<number>,
  divergence: (kept: ReadonlySet<number>) => number,
  rng: Rng
): Generator<PrunedSet | undefined> {
  const kept = new Set(Array.from({ length: count }, (_, n) => n))
  let now = divergence(kept)
  for (const threshold of thresholds) {
    const order = [...kept].toSorted((a, b) => a - b)
    for (const place of rng.permutation(order.length)) {
      const direction = order[place] as number
      kept.delete(direction)
      const without = divergence(kept)
      if (without - now < threshold) now = without
      else kept.add(direction)
      yield undefined
    }
    yield { threshold, kept: [...kept].toSorted((a, b) => a - b) }
  }
}
