/** Absorption of first letters, of the sample report. */
import type { AbsorptionFile } from "../../src/kinds/absorption.ts"
import { hook } from "./sample-sae.ts"

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
