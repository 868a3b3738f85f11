/** What two SAEs have in common: directions, activations, which latents of the larger one are parts of which. */
import { toldIntervals } from "../../artifact/intervals.ts"
import type { ComparedPair } from "../../kinds/comparison.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { bestMatching } from "../../numeric/assignment.ts"
import { decoderCosines, nearestRows } from "../decoder-cosine.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { randomUnitRows } from "../../random/random-unit-rows.ts"
import { largestCorrelations } from "./activation-correlation.ts"
import { latentMean, latentMedian } from "./latent-mean.ts"
import { splitFamilies } from "./split-families.ts"

export interface ComparedMember {
  readonly weights: Pick<SaeWeights, "W_dec" | "d_in" | "d_sae">
  /** Of the same rows for all members; undefined where none were given. */
  readonly codes: LatentCodes | undefined
}

export interface PairOptions {
  /** Least cosine, exclusive, of a part with what it is a part of. */
  readonly split_cosine: number
  /** SAEs of one size are matched one to one up to this number of latents: time grows with its cube. */
  readonly matched_latents: number
  /** Of the random directions that are the control. */
  readonly seed: number
}

const matched = ({ weights: a }: ComparedMember, { weights: b }: ComparedMember, most: number) => {
  if (a.d_sae !== b.d_sae || a.d_sae > most) return null
  const cosines = decoderCosines(a.W_dec, b.W_dec, a.d_in).map(Math.abs)
  return latentMean(bestMatching(cosines, a.d_sae, b.d_sae).map(([i, j]) => cosines[i * b.d_sae + j]!))
}

/** @param a has at most as many latents as `b`, and reads rows of the same width */
export const comparePair = (
  a: ComparedMember,
  b: ComparedMember,
  { split_cosine, matched_latents, seed }: PairOptions
): Omit<ComparedPair, "first" | "second"> => {
  const d = a.weights.d_in
  const back = nearestRows(b.weights.W_dec, a.weights.W_dec, d)
  const correlations =
    a.codes === undefined || b.codes === undefined
      ? []
      : largestCorrelations(a.codes, b.codes).filter((value) => !Number.isNaN(value))
  const random = latentMean(nearestRows(a.weights.W_dec, randomUnitRows(b.weights.d_sae, d, seed), d).cosine)
  const { splits, intervals } = splitFamilies(back, a.weights.d_sae, split_cosine)
  return {
    max_cosine: latentMean(nearestRows(a.weights.W_dec, b.weights.W_dec, d).cosine),
    max_cosine_back: latentMean(back.cosine),
    random_max_cosine: random.mean,
    matched_cosine: matched(a, b, matched_latents),
    activation_correlation: correlations.length === 0 ? null : latentMedian(correlations),
    splits,
    intervals: toldIntervals({
      random_max_cosine:
        random.low === null || random.high === null ? undefined : { low: random.low, high: random.high },
      split_share: intervals.several,
      new_share: intervals.new
    })
  }
}
