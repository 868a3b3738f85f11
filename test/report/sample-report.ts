/** A small, complete report input: every section has something to show, and every number can be told from the others. */
import type { DashboardLatent } from "../../src/kinds/dashboard/read-dashboard.ts"
import type { ComparisonFile } from "../../src/kinds/comparison.ts"
import type { AbsorptionFile } from "../../src/kinds/absorption.ts"
import type { ExplanationsFile, ExplanationScores } from "../../src/kinds/explanations.ts"
import type { InterpretationsFile } from "../../src/kinds/interpretations.ts"
import type { MetaAnalysisFile } from "../../src/kinds/meta-analysis.ts"
import type { MetaEditsFile } from "../../src/kinds/meta-edits.ts"
import type { MetaLatentsFile } from "../../src/kinds/sae/meta-latents.ts"
import type { SaeCurve } from "../../src/kinds/sae/sae.ts"
import type { SaeInfo } from "../../src/kinds/sae/stored/sae-weights.ts"
import type { ProbingFile } from "../../src/kinds/probing.ts"
import type { SizeSelectionFile } from "../../src/kinds/size-selection.ts"
import type { StitchingFile, StitchingStep } from "../../src/kinds/stitching.ts"
import type { ReportedEvaluation, ReportInput, SaeDashboard } from "../../src/report/page/subjects.ts"

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

/** 250 logged steps. */
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

export const tokenTexts = { "1": " cat", "2": " the", "3": "\n", "4": "</script>", "5": " <b>&\"'", "6": " cow" }

export const interpretations = (d_sae: number, digest: string, latents = 3): InterpretationsFile => ({
  format: 1,
  hook,
  sae: { digest, architecture: "batch_topk", d_in: 192, d_sae },
  settings: { latents: 120, seed: 0 },
  live: d_sae - 13,
  train_rows: 160_000,
  held_out_rows: 40_321,
  token_texts: tokenTexts,
  latents: Array.from({ length: latents }, (_, i) => ({
    latent: 7 * i + 1,
    density: 0.01 * (i + 1),
    max: 12.5,
    histogram: [40, 20, 8, 3, 1],
    explanation: `" cat", "</script>" after " the" (${i})`,
    patterns: [{ tokens: [2, -1, 1], activation: 0.875, matches: 31, precision: 0.9 }],
    score:
      i === 2
        ? null
        : {
            true_positives: 30,
            false_positives: 10,
            false_negatives: 10,
            true_negatives: 40_271,
            precision: 0.75,
            recall: 0.75,
            f1: 0.75,
            balanced_accuracy: 0.8749,
            shuffled_f1: 0.0625
          },
    top: [{ position: 1000 + i, pivot: 2, tokens: [2, 3, 4, 5], activations: [0, 1.5, 12.5, 0] }],
    bands: [{ low: 0.5, high: 1, examples: [{ position: 77, pivot: 1, tokens: [2, 1], activations: [0, 8] }] }],
    promoted: [
      { token: 1, weight: 3.25 },
      { token: 4, weight: 2 }
    ],
    suppressed: [{ token: 3, weight: -4.5 }]
  }))
})

const absorptionLetter = (letter: string, index: number) => ({
  letter,
  known_words: 60,
  probe_f1: letter === "x" ? 0.4 : 0.9,
  probe_f1_splits: [0.88, 0.92],
  evaluated: letter !== "x",
  k_sparse_f1: [0.8, 0.85],
  split_latents: [{ latent: 1 + index, cosine: 0.7 }],
  mean_split_latents: 1,
  probe_true_positives: 18,
  mean_projection: 2.5,
  full_absorptions: index % 4,
  full_absorption_rate: (index % 4) / 18,
  mean_absorption_fraction: 0.01 * (index % 7),
  absorbers: index % 4 === 0 ? [] : [{ latent: 8, cosine: 0.2, words: ["short", "<i>sea</i>"] }],
  words: [],
  ablation:
    letter === "x"
      ? null
      : {
          silent_words: 6,
          ablated_words: 6,
          absorptions: letter === "s" ? 1 : 0,
          absorption_rate: letter === "s" ? 1 / 18 : 0,
          mean_total_effect: -2.5,
          words:
            letter === "s"
              ? [
                  {
                    word: "<i>sand</i>",
                    total_effect: -3.5,
                    top: [{ latent: 9, effect: -2.75, cosine: 0.125, activation: 4 }]
                  }
                ]
              : []
        }
})

export const absorption = (d_sae: number): AbsorptionFile => ({
  format: 3,
  task: "first_letter",
  hook,
  sae: { d_sae, d_in: 192, l0: 15.75, ev: 0.9 },
  prompt: " cat has the first letter: C",
  settings: {
    icl_examples: 10,
    c: 1,
    min_probe_f1: 0.8,
    max_k: 10,
    f1_jump: 0.03,
    full_cosine: 0.025,
    fraction_cosine: 0.1,
    min_share: 0.4,
    max_absorbers: 3,
    splits: 5,
    seed: 0,
    as_saebench: false,
    selection_tolerance: 1e-6,
    ablated_words: 200,
    effect_gap: 1,
    as_sae_spelling: false
  },
  selection_gap: 3e-7,
  model: { words: 1500, correct: 1470, accuracy: 0.98 },
  probe: { train_words: 1200, test_words: 1500, accuracy: 0.96, accuracy_splits: [0.955, 0.965], letters: 25 },
  mean_absorption_fraction: 0.0275,
  std_absorption_fraction: 0.01,
  mean_full_absorption: 0.0775,
  std_full_absorption: 0.02,
  word_effect: -9.5,
  rate_unmeasured: null,
  mean_absorption_rate: 0.00225,
  std_absorption_rate: 0.01,
  mean_split_latents: 1.25,
  mean_k1_f1: 0.8,
  mean_split_f1: 0.85,
  warnings: [],
  letters: [..."abcdefghijklmnopqrstuvwxyz"].map(absorptionLetter)
})

/** MSE of the path: falls while latents are inserted, then swaps, two of which raise it. */
const stitchingPath = (steps: number, small: number, large: number): ReadonlyArray<StitchingStep> =>
  Array.from({ length: steps + 1 }, (_, i) => {
    const inserting = i <= steps * 0.6
    const smooth = small + (large - small) * (1 - (1 - i / steps) ** 3)
    const mse = i === 0 ? small : i === steps ? large : i === 2 || i === steps - 2 ? smooth * 1.25 : smooth
    return {
      phase: i === 0 ? "start" : inserting ? "insert" : i < steps * 0.95 ? "swap" : "rest",
      added: [i],
      removed: [],
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

export const metaLatents = (base: number, meta: number): MetaLatentsFile => ({
  format: 2,
  same_number_share: 0.002,
  same_number_chance: 0.002,
  base: { d_sae: base, d_in: 192 },
  meta: { d_sae: meta, k: 4 },
  decoder_variance_explained: 0.4625,
  random_variance_explained: 0.125,
  l0: 3.9,
  latents: Array.from({ length: base }, (_, j) => ({ ids: [j % meta, (j + 1) % meta], activations: [0.75, 0.25] })),
  meta_latents: Array.from({ length: meta }, (_, m) => ({
    ids: [(7 * m + 1) % base, 0],
    activations: [0.9, 0.3],
    count: 1 + m
  })),
  dead: []
})

export const metaAnalysis = (d_sae: number, meta_latents: number, smaller_d_sae: number): MetaAnalysisFile => ({
  format: 1,
  sae: "sae-large",
  meta: "meta",
  smaller: "sae-small",
  d_sae,
  meta_latents,
  smaller_d_sae,
  live: meta_latents - 1,
  match_cosine: 0.5,
  random_match_cosine: 0.25,
  matched_above: 0.7,
  matched_share: 0.125,
  random_matched_share: 0,
  decoder_variance_explained: 0.4625,
  fixed_variance_explained: 0.375,
  fixed_random_variance_explained: 0.0625,
  neighbours: 10,
  neighbour_overlap: 0.2,
  shuffled_overlap: 0.02,
  intervals: { match_cosine: { low: 0.45, high: 0.55 } }
})

export const metaEdits = (edits: number): MetaEditsFile => {
  const effect = (shift: number, side: number) => ({ shift, side, kl: 0.125 })
  return {
    format: 1,
    sae: "sae-large",
    meta: "meta",
    model: "model",
    hook,
    examples: 8,
    edits: Array.from({ length: edits }, (_, i) => ({
      latent: 10 + i,
      firings: 30,
      out: { id: i, activation: 0.75 },
      target: { id: 1, text: " cat" },
      removed: effect(-1 - i, 0.5),
      ablated: effect(-4, 4),
      random: effect(0.25, 0.5),
      swap: null
    }))
  }
}

const judged = (balanced_accuracy: number): ExplanationScores => ({
  detection: {
    true_positives: 3,
    false_positives: 1,
    false_negatives: 2,
    true_negatives: 4,
    precision: 0.75,
    recall: 0.6,
    f1: 2 / 3,
    balanced_accuracy
  },
  fuzzing: null,
  simulation: null
})

export const explanations: ExplanationsFile = {
  format: 1,
  hook,
  sae: { digest: "sae-large", architecture: "batch_topk", d_in: 192, d_sae: 256 },
  model: "a-model",
  unread: 2,
  latents: [0.6, 0.9].map((score, i) => ({
    latent: 7 * i + 1,
    density: 0.01,
    max: 12.5,
    explanation: i === 0 ? "words <of> the sea" : "names of cats",
    scores: judged(score),
    shuffled: judged(0.5)
  }))
}

const sizes: SizeSelectionFile = {
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

/** Two latents, in two parts. */
export const dashboard = (d_sae: number, digest: string, texts = tokenTexts): SaeDashboard => {
  const latent = (id: number, tokens: ReadonlyArray<number>, promoted: number): DashboardLatent => ({
    latent: id,
    count: 5,
    max: 4,
    cosine: 0.5,
    histogram: [3, 1, 1],
    promoted: [[promoted, 0.5]],
    suppressed: [],
    neighbours: [],
    coactive: [],
    examples: [{ group: 0, position: 3, pivot: 1, tokens, activations: [0, 4, 0] }]
  })
  return {
    digest,
    d_sae,
    live: 2,
    bands: 1,
    rows: 100,
    texts,
    parts: [[latent(5, [2, 1, 2], 6)], [latent(9, [2, 6, 2], 2)]]
  }
}

/** Of an SAE: one task, one latent. */
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

export const sampleReport = (): ReportInput => ({
  title: "Sample & report",
  saes: [
    { at: { width: 64, seed: 0 }, value: saeInfo(64, "sae-small"), curve: curve(16) },
    { at: { width: 256, seed: 0 }, value: saeInfo(256, "sae-large"), curve: curve(28) }
  ],
  evaluations: [
    { at: { width: 64, seed: 0 }, value: evaluation(64, "sae-small", 0.8125) },
    { at: { width: 256, seed: 0 }, value: evaluation(256, "sae-large", 0.9375) }
  ],
  interpretations: [
    { at: { width: 64, seed: 0 }, value: interpretations(64, "sae-small") },
    { at: { width: 256, seed: 0 }, value: interpretations(256, "sae-large") }
  ],
  explanations: [{ at: {}, value: explanations }],
  dashboards: [],
  absorptions: [
    { at: { width: 64, seed: 0 }, value: absorption(64) },
    { at: { width: 256, seed: 0 }, value: absorption(256) }
  ],
  stitchings: [{ at: {}, value: stitching(64, 256) }],
  comparisons: [{ at: {}, value: comparison(64, 256) }],
  figures: [
    {
      at: { hook: "blocks.1" },
      value: {
        format: 1,
        title: "Steering",
        note: "How a target rises <with> damage.",
        charts: [
          {
            title: "Effect",
            x: { label: "KL", log: true },
            y: { label: "shift", log: false },
            series: [
              {
                name: "latents",
                line: true,
                points: [
                  { x: 0.1, y: 1, low: 0.5, high: 1.5 },
                  { x: 1, y: 2 }
                ]
              },
              { name: "random", line: false, points: [{ x: 0, y: 1 }] }
            ]
          }
        ],
        tables: [
          {
            title: "Latents",
            columns: ["latent", "shift"],
            rows: [
              ["7", 1.5],
              ["8", null]
            ]
          }
        ]
      }
    }
  ],
  metaSaes: [{ at: {}, base: undefined, value: metaLatents(256, 64) }],
  metaAnalyses: [{ at: { seed: 0 }, value: metaAnalysis(256, 64, 32) }],
  metaEdits: [{ at: { seed: 0 }, value: metaEdits(3) }],
  sizes: [{ at: { k: 8 }, value: sizes }],
  probings: [{ at: { width: 64, seed: 0 }, value: probing(64, "sae-small") }]
})
