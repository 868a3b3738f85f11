/** SAEs of the sample report, and figures of them. */
import type { ComparisonFile } from "../../src/kinds/comparison.ts"
import type { SaeCurve } from "../../src/kinds/sae/sae-handle.ts"
import type { SaeInfo } from "../../src/kinds/sae/stored/sae-weights.ts"
import type { ProbingFile } from "../../src/kinds/probing.ts"
import type { SizeSelectionFile } from "../../src/kinds/size-selection.ts"
import type { ReportedEvaluation } from "../../src/report/page/subjects.ts"

export const hook = "blocks.1.hook_resid_post"

export const saeInfo = (d_sae: number, digest: string): SaeInfo & { readonly digest: string } => ({
  digest,
  architecture: "batch_topk",
  activation: { type: "jumprelu" },
  d_in: 192,
  d_sae,
  k: 16,
  hook,
  model: "model",
  activations: "activations",
  rows: "activations",
  training: null
})

export const curve = (l0: number): SaeCurve => {
  const column = (of: (row: number) => number) => Float64Array.from({ length: 250 }, (_, row) => of(row))
  return {
    step: column((row) => 2 * (row + 1)),
    loss: column((row) => 1 / (row + 1)),
    l0: column(() => l0),
    explained_variance: column((row) => 1 - 1 / (row + 1)),
    dead: column((row) => row % 5)
  }
}

export const evaluation = (d_sae: number, sae: string, ev: number): ReportedEvaluation => ({
  sae,
  activations: "activations",
  model: "model",
  hook,
  d_in: 192,
  d_sae,
  rows: 40_321,
  contexts: { count: 320, whole: 310, targets: 40_000 },
  metrics: { l0: 15.75, explained_variance: ev, ce_recovered: 0.9125, mse: 1.25e-4 },
  unmeasured: {},
  density_histogram: {
    edges: Array.from({ length: 21 }, (_, i) => -5 + i / 4),
    counts: Array.from({ length: 20 }, (_, i) => Math.round(d_sae * 0.12 * Math.exp(-((i - 9) ** 2) / 14)))
  },
  dead_latents: 13,
  dense_latents: 4
})

export const comparison = (small: number, large: number): ComparisonFile => {
  const sae = (d_sae: number) => ({
    at: { width: d_sae },
    digest: String(d_sae),
    d_sae,
    self_cosine: { mean: 0.5, low: 0.4, high: 0.6 },
    random_self_cosine: 0.25,
    l0: 16,
    dead: 0.125,
    dense: 0.0625,
    projection: { n: d_sae / 2, value: 0.375 }
  })
  return {
    format: 1,
    rows: 20_000,
    saes: [sae(small), sae(large)],
    pairs: [
      {
        first: 0,
        second: 1,
        max_cosine: { mean: 0.75, low: 0.7, high: 0.8 },
        max_cosine_back: { mean: 0.5, low: null, high: null },
        random_max_cosine: 0.2,
        matched_cosine: null,
        activation_correlation: { median: 0.625, low: 0.6, high: 0.65 },
        splits: { threshold: 0.7, none: 0.5, one: 0.25, several: 0.25, new: 0.4, families: [] }
      }
    ]
  }
}

export const sizes: SizeSelectionFile = {
  format: 1,
  tasks: [
    {
      name: "reconstruction",
      metric: "explained_variance",
      better: "higher",
      sizes: [
        { d_sae: 64, saes: 3, value: 0.8, interval: { low: 0.79, high: 0.81 } },
        { d_sae: 256, saes: 3, value: 0.9, interval: { low: 0.88, high: 0.92 } }
      ],
      best: { d_sae: 256, next: 64, by: 0.1, noise: 0.0224 }
    },
    {
      name: "stitching",
      metric: "novel_fraction",
      better: "neither",
      sizes: [{ d_sae: 256, saes: 1, value: 0.3, interval: null }],
      best: null
    }
  ]
}

export const probing = (d_sae: number, sae: string): ProbingFile => {
  const probe = (features: "latents" | "basis" | "shuffled", auc: number, latent: number) =>
    ({ features, k: 1, auc, accuracy: auc, f1: auc, chosen: [latent], weights: [1], c: 1 }) as const
  return {
    format: 1,
    sae,
    model: "model",
    hook,
    d_sae,
    ranking: "mean_difference",
    documents: { train: 300, test: 200 },
    tasks: [
      {
        name: "past tense",
        train: 512,
        test: 128,
        probes: [probe("latents", 0.875, 7), probe("basis", 0.8125, 3), probe("shuffled", 0.53125, 9)],
        intervals: { auc_k1: { low: 0.85, high: 0.9 } }
      }
    ],
    means: { auc_k1: 0.875, auc_basis_k1: 0.8125, auc_shuffled_k1: 0.53125, gain_k1: 0.0625 },
    intervals: { auc_k1: { low: 0.85, high: 0.9 }, auc_shuffled_k1: { low: 0.45, high: 0.6125 } },
    left_out: []
  }
}
