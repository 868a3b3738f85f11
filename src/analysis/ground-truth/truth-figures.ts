/**
 * How well a dictionary has found known features, as SynthSAEBench measures it (2602.14687; SAELens `synthetic.evals`): by
 * directions (MCC, uniqueness, recovered share) and by what fires (each latent as a classifier of its best feature).
 */
import { bestMatching } from "../../numeric/assignment.ts"
import { decoderCosines } from "../decoder-cosine.ts"
import type { LatentCodes } from "../latent-codes.ts"

export interface DirectionFigures {
  /** Mean absolute cosine of the best one-to-one matching of latents and features, over as many pairs as the fewer are. */
  readonly mcc: number
  /** Of each of these pairs. */
  readonly matched: ReadonlyArray<number>
  /** Distinct best features of latents, over the number of latents. */
  readonly uniqueness: number
  /** Of each feature: the largest absolute cosine with a latent. */
  readonly best: Float64Array<ArrayBuffer>
  /** Of each latent: the feature with the largest absolute cosine. */
  readonly feature: Int32Array<ArrayBuffer>
}

/** Both [., d_in]. */
export const directionFigures = (
  W_dec: Float32Array<ArrayBuffer>,
  features: Float32Array<ArrayBuffer>,
  d_in: number
): DirectionFigures => {
  const [m, n] = [W_dec.length / d_in, features.length / d_in]
  const cosines = decoderCosines(W_dec, features, d_in).map(Math.abs)
  const best = new Float64Array(n)
  const feature = new Int32Array(m)
  for (let j = 0; j < m; j++) {
    for (let i = 0; i < n; i++) {
      const cosine = cosines[j * n + i]!
      if (cosine > best[i]!) best[i] = cosine
      if (cosine > cosines[j * n + feature[j]!]!) feature[j] = i
    }
  }
  const pairs = bestMatching(cosines, m, n)
  const matched = pairs.map(([j, i]) => cosines[j * n + i]!)
  return {
    mcc: matched.reduce((sum, cosine) => sum + cosine, 0) / matched.length,
    matched,
    uniqueness: new Set(feature).size / m,
    best,
    feature
  }
}

export interface FiringFigures {
  readonly f1: Float64Array<ArrayBuffer>
  readonly precision: Float64Array<ArrayBuffer>
  readonly recall: Float64Array<ArrayBuffer>
  /** Latents that never fire. */
  readonly dead: number
}

const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0)

/**
 * Of each latent as a classifier of `feature[latent]`; 0 where a ratio is undefined, as for a latent that never fires.
 *
 * @param truth `start` [rows + 1] and the features that fire in each row
 */
export const firingFigures = (
  codes: LatentCodes,
  truth: { readonly start: Int32Array; readonly feature: Int32Array },
  feature: Int32Array,
  features: number
): FiringFigures => {
  const fired = new Float64Array(codes.d_sae)
  const both = new Float64Array(codes.d_sae)
  const present = new Float64Array(features)
  const here = new Uint8Array(features)
  for (let row = 0; row < codes.rows; row++) {
    const own = truth.feature.subarray(truth.start[row], truth.start[row + 1])
    for (const id of own) {
      here[id] = 1
      present[id]! += 1
    }
    for (let at = codes.offsets[row]!; at < codes.offsets[row + 1]!; at++) {
      const latent = codes.latents[at]!
      fired[latent]! += 1
      both[latent]! += here[feature[latent]!]!
    }
    for (const id of own) here[id] = 0
  }
  const precision = both.map((n, j) => ratio(n, fired[j]!))
  const recall = both.map((n, j) => ratio(n, present[feature[j]!]!))
  return {
    precision,
    recall,
    f1: precision.map((p, j) => ratio(2 * p * recall[j]!, p + recall[j]!)),
    dead: fired.filter((count) => count === 0).length
  }
}
