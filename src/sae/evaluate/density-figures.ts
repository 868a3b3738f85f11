/** How often latents fire on held-out rows: the part that every evaluation of a dictionary has. */
import type { EvaluationInfo } from "../../kinds/evaluation/evaluation-handle.ts"
import { meanInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"
import { type Estimate, estimated } from "../../stage/metric.ts"
import * as Param from "../../stage/param.ts"

export const denseAbove = Param.number({
  default: 0.1,
  minimum: 0,
  maximum: 1,
  description: "a latent is dense when it fires on more than this share of the rows"
})

export const densityMetrics = {
  dead_fraction: {
    better: "lower",
    tolerance: 0.02,
    interval: "the latents",
    description: "share of latents that fire on no held-out row"
  },
  dense_fraction: {
    better: "lower",
    tolerance: 0.01,
    interval: "the latents",
    description: "share of latents that fire on many rows"
  }
} as const

export interface DensityFigures {
  readonly metrics: Readonly<Record<keyof typeof densityMetrics, number | Estimate>>
  readonly info: Pick<EvaluationInfo, "density_histogram" | "dead_latents" | "dense_latents">
}

/** Bins per factor of ten. */
const binsPerDecade = 4
/** Frequencies below this (one in ten million) fall into the first bin. */
const lowest = -7

export interface DensityHistogram {
  /** log10 of the frequency: bin i is [edges[i], edges[i + 1]), the last one with its end. */
  readonly edges: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
}

/** Histogram of log10 firing frequencies, how most papers show the latents of an SAE. Latents that never fire are in no bin. */
export const densityHistogram = (density: ArrayLike<number>): DensityHistogram => {
  const bins = -lowest * binsPerDecade
  const counts = Array.from({ length: bins }, () => 0)
  for (let j = 0; j < density.length; j++) {
    const frequency = density[j] as number
    if (!(frequency > 0)) continue
    const bin = Math.floor((Math.log10(frequency) - lowest) * binsPerDecade)
    const at = Math.min(bins - 1, Math.max(0, bin))
    counts[at] = (counts[at] as number) + 1
  }
  return { edges: Array.from({ length: bins + 1 }, (_, i) => lowest + i / binsPerDecade), counts }
}

/** @param density of each latent: the share of the rows on which it fires */
export const densityFigures = (density: Float64Array, above: number): DensityFigures => {
  const count = (holds: (share: number) => boolean) => {
    const held = Uint8Array.from(density, (share) => (holds(share) ? 1 : 0))
    const latents = held.reduce((sum, one) => sum + one, 0)
    const interval = meanInterval(held, Rng.make(0, "intervals of firing"))
    return { latents, share: estimated(latents / density.length, interval) }
  }
  const dead = count((share) => share === 0)
  const dense = count((share) => share > above)
  return {
    metrics: { dead_fraction: dead.share, dense_fraction: dense.share },
    info: { density_histogram: densityHistogram(density), dead_latents: dead.latents, dense_latents: dense.latents }
  }
}
