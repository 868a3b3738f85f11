/**
 * The gap of k-sparse probing (Chanin et al. 2409.14507): how much worse a letter's one best latent tells the letter than
 * a linear probe of the residual stream does. Absorption opens it, and so does a poor SAE.
 */
import { type Intervals, toldIntervals } from "../../artifact/intervals.ts"
import type { AbsorptionLetter } from "../../kinds/absorption.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"

export interface KSparseGap {
  /** Mean over the evaluated letters of F1 of the probe less F1 of one latent. */
  readonly k_sparse_gap: number
  /** Over the evaluated letters. */
  readonly intervals: Intervals
}

/** @param all at least one of them evaluated */
export const kSparseGap = (all: ReadonlyArray<AbsorptionLetter>): KSparseGap => {
  const gaps = all.flatMap((each) => (each.evaluated ? [each.probe_f1 - (each.k_sparse_f1[0] ?? 0)] : []))
  const mean = (times: Int32Array) => ({ k_sparse_gap: drawnSum(times, gaps) / gaps.length })
  return {
    ...mean(new Int32Array(gaps.length).fill(1)),
    intervals: toldIntervals(bootstrapIntervals([gaps.length], mean, Rng.make(0, "intervals of the k-sparse gap")))
  }
}
