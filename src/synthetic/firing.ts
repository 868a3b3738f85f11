/**
 * Which features of a synthetic world fire in a row, and how strongly: rare ones and frequent ones, correlated by a Gaussian
 * copula of low rank, children only with their parent (SynthSAEBench, 2602.14687; SAELens `synthetic`).
 */
import { normalQuantile } from "../numeric/normal-quantile.ts"
import type { Rng } from "../random/rng.ts"
import { compensated, type FeatureTree } from "./feature-tree.ts"

export interface FiringSettings {
  /** How often each feature is meant to fire. Empty: as the next three say. */
  readonly probabilities: ReadonlyArray<number>
  /** Probabilities fall from the first feature to the last as 1 / rank^exponent, between these two. */
  readonly zipf_exponent: number
  readonly max_probability: number
  readonly min_probability: number
  /** Rank 0: features fire independently. */
  readonly correlation_rank: number
  readonly correlation_scale: number
  /** Of one sibling at most fires. */
  readonly exclusive: boolean
  /** Mean magnitude of the first feature and of the last, linear between. */
  readonly first_magnitude: number
  readonly last_magnitude: number
  /** Each feature's deviation of magnitudes is |N(mean, spread^2)|. */
  readonly deviation_mean: number
  readonly deviation_spread: number
}

/** 1 / rank^exponent, moved and stretched to [least, most]. */
export const zipfProbabilities = (features: number, exponent: number, most: number, least: number): Float64Array => {
  if (features === 1) return Float64Array.of(most)
  const raw = Float64Array.from({ length: features }, (_, i) => (i + 1) ** -exponent)
  const last = raw[features - 1] as number
  return raw.map((p) => least + ((most - least) * (p - last)) / (1 - last))
}

export interface Firing {
  readonly features: ReadonlyArray<number>
  readonly magnitudes: ReadonlyArray<number>
}

export interface FiringWorld {
  /** How often each feature is meant to fire. */
  readonly probabilities: Float64Array
  readonly sample: (rng: Rng) => Firing
}

/** Variance that a feature keeps for itself, whatever it shares with others. */
const leastOwn = 0.01

export const makeFiring = (features: number, tree: FeatureTree, settings: FiringSettings, rng: Rng): FiringWorld => {
  const { correlation_rank: rank, correlation_scale: scale, exclusive } = settings
  const probabilities =
    settings.probabilities.length > 0
      ? Float64Array.from(settings.probabilities)
      : zipfProbabilities(features, settings.zipf_exponent, settings.max_probability, settings.min_probability)
  const drawn = compensated(probabilities, tree, exclusive)
  const thresholds = drawn.map((p) => normalQuantile(1 - p))
  const factor = Float64Array.from({ length: features * rank }, () => scale * rng.normal())
  const own = new Float64Array(features)
  for (let i = 0; i < features; i++) {
    const row = factor.subarray(i * rank, (i + 1) * rank)
    const shared = row.reduce((sum, x) => sum + x * x, 0)
    if (1 - shared < leastOwn) row.forEach((x, c) => (row[c] = x * Math.sqrt((1 - leastOwn) / shared)))
    own[i] = Math.sqrt(Math.max(leastOwn, 1 - shared))
  }
  const deviation = Float64Array.from({ length: features }, () =>
    Math.abs(settings.deviation_mean + settings.deviation_spread * rng.normal())
  )
  const mean = Float64Array.from({ length: features }, (_, i) =>
    features === 1
      ? settings.first_magnitude
      : settings.first_magnitude + ((settings.last_magnitude - settings.first_magnitude) * i) / (features - 1)
  )

  const fires = (draw: Rng): Uint8Array => {
    const active = new Uint8Array(features)
    const shared = Float64Array.from({ length: rank }, () => draw.normal())
    for (let i = 0; i < features; i++) {
      if (rank === 0) {
        active[i] = draw.float() < drawn[i]! ? 1 : 0
        continue
      }
      let value = own[i]! * draw.normal()
      for (let c = 0; c < rank; c++) value += factor[i * rank + c]! * shared[c]!
      active[i] = value > thresholds[i]! ? 1 : 0
    }
    return active
  }

  /** Parents come before their children, so that one pass settles all levels. */
  const settle = (active: Uint8Array, draw: Rng): void => {
    for (let i = 0; i < features; i++) {
      const above = tree.parent[i]!
      if (above >= 0 && active[above] === 0) active[i] = 0
      if (!exclusive || active[i] === 0) continue
      const rivals = tree.children[i]!.filter((child) => active[child] === 1)
      if (rivals.length < 2) continue
      const winner = rivals[draw.int(rivals.length)]
      for (const child of rivals) if (child !== winner) active[child] = 0
    }
  }

  const sample: FiringWorld["sample"] = (draw) => {
    const active = fires(draw)
    settle(active, draw)
    const [ids, magnitudes]: [Array<number>, Array<number>] = [[], []]
    for (let i = 0; i < features; i++) {
      if (active[i] === 0) continue
      const magnitude = Math.max(0, mean[i]! + deviation[i]! * draw.normal())
      if (magnitude === 0) continue
      ids.push(i)
      magnitudes.push(magnitude)
    }
    return { features: ids, magnitudes }
  }
  return { probabilities, sample }
}
