/** How often latents fire on held-out rows: the part that every evaluation of a dictionary has. */
import type { EvaluationInfo } from "../../kinds/evaluation/evaluation.ts"
import * as Param from "../../stage/param.ts"
import { densityHistogram } from "./density-histogram.ts"

export const denseAbove = Param.number({
  default: 0.1,
  minimum: 0,
  maximum: 1,
  description: "a latent is dense when it fires on more than this share of the rows"
})

export const densityMetrics = {
  dead_fraction: { better: "lower", tolerance: 0.02, description: "share of latents that fire on no held-out row" },
  dense_fraction: { better: "lower", tolerance: 0.01, description: "share of latents that fire on many rows" }
} as const

export interface DensityFigures {
  readonly metrics: Readonly<Record<keyof typeof densityMetrics, number>>
  readonly info: Pick<EvaluationInfo, "density_histogram" | "dead_latents" | "dense_latents">
}

/** @param density of each latent: the share of the rows on which it fires */
export const densityFigures = (density: Float64Array, above: number): DensityFigures => {
  const dead = density.filter((share) => share === 0).length
  const dense = density.filter((share) => share > above).length
  return {
    metrics: { dead_fraction: dead / density.length, dense_fraction: dense / density.length },
    info: { density_histogram: densityHistogram(density), dead_latents: dead, dense_latents: dense }
  }
}
