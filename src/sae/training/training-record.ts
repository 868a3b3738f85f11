/** What `sae.json` says of a training: its options, resolved, and how it went. */
import { auxiliaryLatents } from "../settings/choice-options.ts"
import type { TrainedSae } from "./trained-sae.ts"

/**
 * Format 1 of `sae.json` dates from when every training had the options of all architectures: those that a training has not
 * are there with the values that they had then. New options are only where they belong.
 */
const formerly = {
  k: 0,
  k_anneal: 0,
  multi_topk: false,
  precision: "auto",
  aux_loss: "fraction",
  aux_coefficient: 1 / 32,
  sparsity_coefficient: 0,
  sparsity_warmup: 0.05,
  groups: [1 / 32, 1 / 16, 1 / 8, 1 / 4, 17 / 32],
  prefix_weights: "mean",
  threshold_init: 0.01,
  bandwidth: 0.05,
  l0_loss: "step",
  target_l0: 20,
  tanh_scale: 4,
  pre_act_coefficient: 0,
  ste_to_input: false,
  resample_every: null,
  resample_power: 1,
  p_end: 0,
  p_updates: 10,
  anneal_start: 0.2
}

/** What two presets said of options that not all who have the preset have. */
const byPreset: Readonly<Record<string, object>> = {
  dictionary_learning: { sparsity_warmup: 5000 / 244_000 },
  saelens: { sparsity_warmup: 0 }
}

export const trainingRecord = ({ options, stored, outcome, methodOutcome }: TrainedSae, preset = "none") => {
  const { architecture, ...settings } = options
  const { k, k_aux }: { readonly k?: unknown; readonly k_aux?: unknown } & Readonly<Record<string, unknown>> = settings
  return {
    ...formerly,
    ...byPreset[preset],
    ...settings,
    k: architecture.sparseBy === "k" && typeof k === "number" ? k : 0,
    k_aux: auxiliaryLatents({ k_aux: typeof k_aux === "number" ? k_aux : null }, stored.d_out),
    architecture: architecture.name,
    ...outcome,
    ...methodOutcome
  }
}
