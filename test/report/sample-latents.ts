/** Latents of the sample report's SAEs: explained by token patterns, by a language model, and in a dashboard. */
import type { DashboardLatent } from "../../src/kinds/dashboard/read-dashboard.ts"
import type { ExplanationsFile, ExplanationScores } from "../../src/kinds/explanations.ts"
import type { InterpretationsFile } from "../../src/kinds/interpretations.ts"
import type { SaeDashboard } from "../../src/report/page/subjects.ts"
import { hook } from "./sample-sae.ts"

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
    shuffled: judged(0.5),
    contrast: { detection: score - 0.2, fuzzing: null, surprise: null, embedding: null }
  }))
}

export const dashboard = (
  d_sae: number,
  digest: string,
  texts: Readonly<Record<string, string>> = tokenTexts
): SaeDashboard => {
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
    // The example of latent 5 stands in it, that of latent 9 does not.
    text: { contextSize: 8, leading: 1, contexts: Int32Array.of(0), ids: Int32Array.of(3, 6, 2, 1, 2, 3, 6, 1) },
    parts: [[latent(5, [2, 1, 2], 6)], [latent(9, [2, 6, 2], 2)]]
  }
}
