/**
 * Absorption where the truth is known (toy of Chanin et al. 2409.14507): a feature fires, its own latent is silent, and one other
 * latent that fires stands in for it. A feature's own latent is that of the largest decoder cosine; features without a latent
 * that is close enough are left out: what no latent tracks cannot be absorbed. A latent j stands in for feature i of direction d_i
 * and magnitude m where f_j (w_j . d_i) >= 0.4 m, SAEBench's share of full absorption with the truth in place of a probe.
 */
import { type Intervals, toldIntervals } from "../../artifact/intervals.ts"
import type { FeatureAbsorption } from "../../kinds/ground-truth.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import type { LatentCodes } from "../latent-codes.ts"

const leastShare = 0.4
/** An activation below this is none. */
const silent = 1e-8

export interface KnownFirings {
  readonly d_in: number
  /** [n, d_in], unit rows */
  readonly features: Float32Array<ArrayBuffer>
  /** [rows + 1], and of each row's firings: */
  readonly start: Int32Array
  readonly feature: Int32Array
  readonly magnitude: Float32Array
  /** Of each feature, -1 for none; undefined: no feature has one. */
  readonly parent: Int32Array | undefined
}

export interface TruthAbsorption {
  /** Features that have a latent of their own and fire. */
  readonly perFeature: ReadonlyArray<FeatureAbsorption>
  /** Mean over these; undefined of none. */
  readonly rate: number | undefined
  /** Mean over those that fire together with a child. */
  readonly rateWithChild: number | undefined
  /** Over blocks of held-out rows, by the names of the two. */
  readonly intervals: Intervals
}

/** Blocks of rows that the bootstrap draws. */
const blocks = 100

/** Counts of one feature, block by block. */
interface Counts {
  readonly rows: Uint32Array
  readonly absorbed: Uint32Array
  readonly rowsWithChild: Uint32Array
  readonly absorbedWithChild: Uint32Array
}

const total = (counts: Uint32Array): number => counts.reduce((a, b) => a + b, 0)

/** Mean of the ratios that are defined; NaN of none. */
const meanRatio = (pairs: ReadonlyArray<readonly [part: number, whole: number]>): number => {
  const defined = pairs.filter(([, whole]) => whole > 0)
  return defined.reduce((sum, [part, whole]) => sum + part / whole, 0) / defined.length
}

/**
 * @param W_dec [d_sae, d_in]
 * @param cosines of decoder rows and features, [d_sae, n]
 * @param leastCosine of a feature with its own latent
 */
export const truthAbsorption = (
  codes: LatentCodes,
  W_dec: Float32Array,
  cosines: ArrayLike<number>,
  truth: KnownFirings,
  leastCosine: number
): TruthAbsorption => {
  const { d_in: d, features, start, feature, magnitude, parent } = truth
  const n = features.length / d
  const own = new Int32Array(n)
  for (let j = 1; j < codes.d_sae; j++) {
    for (let i = 0; i < n; i++) if (cosines[j * n + i]! > cosines[own[i]! * n + i]!) own[i] = j
  }
  const ownCosine = (i: number): number => cosines[own[i]! * n + i]!
  const lengths = Float64Array.from({ length: codes.d_sae }, (_, j) =>
    Math.hypot(...W_dec.subarray(j * d, (j + 1) * d))
  )
  const zeros = () => new Uint32Array(blocks)
  const found = Array.from({ length: n }, (_, i): Counts | undefined =>
    ownCosine(i) < leastCosine
      ? undefined
      : { rows: zeros(), absorbed: zeros(), rowsWithChild: zeros(), absorbedWithChild: zeros() }
  )
  for (let row = 0; row < codes.rows; row++) {
    const block = Math.floor((row * blocks) / codes.rows)
    const [from, to] = [codes.offsets[row]!, codes.offsets[row + 1]!]
    const firing = feature.subarray(start[row], start[row + 1])
    const withChild = new Set(Array.from(firing, (i) => parent?.[i] ?? -1))
    for (const [at, i] of firing.entries()) {
      const counts = found[i]
      if (counts === undefined) continue
      let [present, standsIn] = [false, false]
      for (let entry = from; entry < to; entry++) {
        const [j, f] = [codes.latents[entry]!, codes.values[entry]!]
        if (j === own[i]) present ||= f >= silent
        else standsIn ||= f * lengths[j]! * cosines[j * n + i]! >= leastShare * magnitude[start[row]! + at]!
      }
      const absorbed = !present && standsIn
      counts.rows[block]! += 1
      if (absorbed) counts.absorbed[block]! += 1
      if (!withChild.has(i)) continue
      counts.rowsWithChild[block]! += 1
      if (absorbed) counts.absorbedWithChild[block]! += 1
    }
  }
  const counted = found.flatMap((counts, i) =>
    counts === undefined || total(counts.rows) === 0 ? [] : [{ i, counts }]
  )
  const rates = (times: Int32Array) => ({
    rate: meanRatio(counted.map(({ counts: c }) => [drawnSum(times, c.absorbed), drawnSum(times, c.rows)])),
    rateWithChild: meanRatio(
      counted.map(({ counts: c }) => [drawnSum(times, c.absorbedWithChild), drawnSum(times, c.rowsWithChild)])
    )
  })
  const { rate, rateWithChild } = rates(new Int32Array(blocks).fill(1))
  return {
    perFeature: counted.map(({ i, counts }) => ({
      feature: i,
      latent: own[i]!,
      cosine: ownCosine(i),
      rows: total(counts.rows),
      absorbed: total(counts.absorbed),
      rows_with_child: total(counts.rowsWithChild),
      absorbed_with_child: total(counts.absorbedWithChild)
    })),
    rate: Number.isFinite(rate) ? rate : undefined,
    rateWithChild: Number.isFinite(rateWithChild) ? rateWithChild : undefined,
    intervals: toldIntervals(
      bootstrapIntervals([blocks], rates, Rng.make(0, "intervals of absorption of known features"))
    )
  }
}
