/** A stitching of two SAEs of the sample report. */
import type { StitchingFile, StitchingStep } from "../../src/kinds/stitching.ts"

const stitchingPath = (steps: number, small: number, large: number): ReadonlyArray<StitchingStep> =>
  Array.from({ length: steps + 1 }, (_, i) => {
    const inserting = i <= steps * 0.6
    const smooth = small + (large - small) * (1 - (1 - i / steps) ** 3)
    const mse = i === 0 ? small : i === steps ? large : i === 2 || i === steps - 2 ? smooth * 1.25 : smooth
    return {
      phase: i === 0 ? "start" : inserting ? "insert" : i < steps * 0.95 ? "swap" : "rest",
      added: [i],
      // One swap, of two latents for one.
      removed: i === steps * 0.8 ? [3, 5] : [],
      latents: 512 + i,
      l0: 16,
      mse,
      ev: 1 - mse / 10
    }
  })

export const stitching = (small: number, large: number, steps = 10): StitchingFile => {
  const point = { threshold: 0.625, true_positive_rate: 0.8, false_positive_rate: 0.1 }
  const path = stitchingPath(steps, 2, 1)
  return {
    format: 2,
    same_number_share: 0.002,
    same_number_chance: 0.002,
    rows: 40_321,
    d_in: 192,
    small: { d_sae: small, mse: 2, ev: 0.8, l0: 15 },
    large: { d_sae: large, mse: 1, ev: 0.9, l0: 16 },
    variance: 10,
    options: {
      b_dec: "best",
      threshold: 0.625,
      threshold_from: "youden",
      unmatched: "nearest",
      small_topk_threshold: null,
      large_topk_threshold: null
    },
    latents: {
      delta_mse: Array.from({ length: large }, (_, j) => (j % 3 === 0 ? 0.01 : -0.02)),
      cosine: Array.from({ length: large }, (_, j) => (j % 3 === 0 ? 0.6 + (j % 40) / 100 : 0.1 + (j % 60) / 100)),
      nearest: Array.from({ length: large }, (_, j) => j % small),
      density: Array.from({ length: large }, () => 0.01)
    },
    proxy: {
      auc: 0.9375,
      auc_all: 0.93,
      roc: [
        { threshold: 0.3, true_positive_rate: 0.5, false_positive_rate: 0.02 },
        point,
        { threshold: 0.8, true_positive_rate: 0.95, false_positive_rate: 0.5 }
      ],
      youden: point,
      fixed: { threshold: 0.7, true_positive_rate: 0.9, false_positive_rate: 0.3 }
    },
    path,
    cross_entropy: {
      contexts: 8,
      targets: 800,
      clean: 2.5,
      path: [
        { step: 0, latents: small, ce: 3.5, low: 3.4, high: 3.6 },
        { step: steps, latents: large, ce: 3.1, low: 3.05, high: 3.2 }
      ],
      candidates: [
        { latent: 0, delta_mse: 0.01, delta_ce: 0.002, low: -0.001, high: 0.004 },
        { latent: 1, delta_mse: -0.02, delta_ce: -0.03, low: null, high: null }
      ]
    },
    counts: {
      novel: Math.floor((2 * large) / 3),
      reconstruction: large - Math.floor((2 * large) / 3),
      silent: 0,
      unmatched_small: 0,
      components: 40,
      largest_component: 5,
      insertions: 6,
      swaps: 3,
      rest: 1,
      rising_steps: 2
    }
  }
}
