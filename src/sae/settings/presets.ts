/**
 * Published settings as a whole, by where they come from and the architecture that they are for, and the defaults of each
 * architecture where no preset is named. A preset says only what its source says; the rest stays with the defaults.
 * Learning rates and batch sizes are of runs over 5 * 10^7 to 10^10 rows: a short run may need greater ones.
 */
import { type ArchitectureName, type TrainingOptions, trainingDefaults } from "./training-options.ts"

export const presetNames = [
  "bussmann",
  "cunningham",
  "dictionary_learning",
  "saelens",
  "gemma_scope",
  "towards_monosemanticity",
  "anthropic_april_2024",
  "anthropic_january_2025",
  "openai"
] as const
export type PresetName = (typeof presetNames)[number]

/** What a preset may set: everything but what is a run's own. */
export type Settings = Partial<Omit<TrainingOptions, "architecture" | "d_sae" | "k" | "steps" | "seed">>

/** dictionary_learning 0.1.0, class defaults; batch, warm-up and decay of its demo (244,000 steps of 2048 rows). */
const dictionaryLearning: Settings = {
  batch_rows: 2048,
  warmup: 1000 / 244_000,
  decay: 0.2,
  sparsity_warmup: 5000 / 244_000,
  normalize: "mean_square",
  reconstruction: "sum",
  dead_after: 10_000_000
}
const dictionaryLearningTopk: Settings = { ...dictionaryLearning, clip: 1, aux_coefficient: 1 / 32 }
/** Its `AutoEncoder` begins with rows of norm 0.1; its first step makes the decoder's unit. */
const dictionaryLearningL1: Settings = {
  ...dictionaryLearning,
  lr: 1e-3,
  b_dec_init: "zero",
  encoder_init_norm: 0.1
}

/** SAELens 6.54, class defaults. */
const saelens: Settings = {
  batch_rows: 4096,
  lr: 3e-4,
  warmup: 0,
  decay: 0,
  clip: 1,
  normalize: "none",
  reconstruction: "sum",
  b_dec_init: "zero",
  sparsity_warmup: 0,
  dead_after: 1000 * 4096
}
/** Its decoders are free and activations weighed by their norms; here decoder rows have norm one from the start. */
const saelensTopk: Settings = { ...saelens, aux_coefficient: 1, aux_loss: "scaled_sum" }
const saelensFree: Settings = { ...saelens, decoder_norm: "free", decoder_init_norm: 0.1 }

/** bartbussmann/BatchTopK `config.py`, `sae.py`. */
const bussmann: Settings = {
  batch_rows: 4096,
  lr: 3e-4,
  beta1: 0.9,
  beta2: 0.99,
  warmup: 0,
  decay: 0,
  normalize: "layer_norm",
  reconstruction: "mean",
  b_dec_init: "zero",
  aux_coefficient: 1 / 32,
  aux_loss: "mean",
  k_aux: 512,
  dead_after: 5 * 4096
}

export const presets: Readonly<Record<PresetName, Readonly<Partial<Record<ArchitectureName, Settings>>>>> = {
  bussmann: { topk: bussmann, batch_topk: bussmann },
  // Cunningham et al. 2023, arXiv 2309.08600: tied, unit rows, no decoder bias; L1 of 1e-3 in its section 4.
  cunningham: {
    standard: {
      tied: true,
      b_dec_init: "none",
      apply_b_dec_to_input: false,
      normalize: "none",
      reconstruction: "mean",
      batch_rows: 2048,
      lr: 1e-3,
      warmup: 0,
      decay: 0,
      sparsity_coefficient: 1e-3,
      sparsity_warmup: 0
    }
  },
  dictionary_learning: {
    topk: dictionaryLearningTopk,
    batch_topk: dictionaryLearningTopk,
    matryoshka_batch_topk: { ...dictionaryLearningTopk, prefix_weights: "mean_of_mean" },
    standard: { ...dictionaryLearningL1, sparsity_coefficient: 0.1 },
    p_anneal: {
      ...dictionaryLearningL1,
      // The demo's grid is 0.006 to 0.025.
      sparsity_coefficient: 0.015,
      p_end: 0,
      p_updates: 10,
      anneal_start: 15_000 / 244_000
    },
    jumprelu: {
      ...dictionaryLearning,
      lr: 7e-5,
      beta1: 0,
      clip: 1,
      b_dec_init: "zero",
      apply_b_dec_to_input: false,
      threshold_init: 0.001,
      bandwidth: 0.001,
      l0_loss: "target",
      target_l0: 20,
      sparsity_coefficient: 1
    },
    gated: { ...dictionaryLearning, lr: 5e-5, beta1: 0, b_dec_init: "zero", sparsity_coefficient: 0.1 }
  },
  saelens: {
    topk: saelensTopk,
    batch_topk: saelensTopk,
    matryoshka_batch_topk: { ...saelensTopk, prefix_weights: "sum" },
    standard: { ...saelensFree, sparsity_coefficient: 1 },
    jumprelu: { ...saelensFree, threshold_init: 0.01, bandwidth: 0.05, l0_loss: "step", sparsity_coefficient: 1 },
    gated: { ...saelensFree, sparsity_coefficient: 1 }
  },
  // Lieberum et al. 2024, arXiv 2408.05147, section 3: the L0 weight differs from SAE to SAE and has to be given.
  gemma_scope: {
    jumprelu: {
      batch_rows: 4096,
      lr: 7e-5,
      beta1: 0,
      beta2: 0.999,
      // Steps of its SAEs of 16k latents: 4 * 10^9 rows in batches of 4096.
      warmup: 1000 / 976_562,
      warmup_from: 0.1,
      warmup_shape: "cosine",
      decay: 0,
      sparsity_warmup: 10_000 / 976_562,
      normalize: "mean_square",
      reconstruction: "sum",
      b_dec_init: "zero",
      apply_b_dec_to_input: false,
      threshold_init: 0.001,
      bandwidth: 0.001,
      l0_loss: "step"
    }
  },
  // Bricken et al. 2023: the L1 weight differs from SAE to SAE and has to be given.
  towards_monosemanticity: {
    standard: {
      batch_rows: 8192,
      lr: 1e-3,
      warmup: 0,
      decay: 0,
      normalize: "none",
      reconstruction: "sum",
      b_dec_init: "median",
      resample_every: 25_000,
      resample_power: 4
    }
  },
  anthropic_april_2024: {
    standard: {
      decoder_norm: "free",
      decoder_init_norm: 0.1,
      normalize: "mean_norm",
      reconstruction: "sum",
      b_dec_init: "zero",
      apply_b_dec_to_input: false,
      lr: 5e-5,
      warmup: 0,
      decay: 0.2,
      clip: 1,
      sparsity_coefficient: 5,
      sparsity_warmup: 0.05
    }
  },
  anthropic_january_2025: {
    jumprelu: {
      decoder_norm: "free",
      decoder_init_norm: 0.1,
      normalize: "mean_norm",
      reconstruction: "sum",
      b_dec_init: "zero",
      apply_b_dec_to_input: false,
      threshold_init: 0.1,
      bandwidth: 2,
      l0_loss: "tanh",
      tanh_scale: 4,
      ste_to_input: true,
      pre_act_coefficient: 3e-6,
      sparsity_coefficient: 5,
      sparsity_warmup: 1
    }
  },
  // openai/sparse_autoencoder `train.py`, Gao et al. 2024.
  openai: {
    topk: {
      batch_rows: 131_072,
      lr: 1e-4,
      warmup: 0,
      decay: 0,
      eps: 6.25e-10,
      normalize: "layer_norm",
      reconstruction: "fraction_of_variance",
      b_dec_init: "median",
      aux_coefficient: 1 / 32,
      k_aux: 256,
      dead_after: 10_000_000
    }
  }
}

/** Without a preset: what an architecture needs to train in a short run, rows at mean square one. */
const architectureDefaults: Readonly<Record<ArchitectureName, Settings>> = {
  topk: {},
  batch_topk: {},
  matryoshka_batch_topk: {},
  standard: { reconstruction: "sum", sparsity_coefficient: 0.05 },
  p_anneal: { reconstruction: "sum", sparsity_coefficient: 0.05 },
  jumprelu: { reconstruction: "sum", l0_loss: "target", sparsity_coefficient: 1 },
  gated: { reconstruction: "sum", sparsity_coefficient: 0.1 }
}

/** All options of an architecture, ready to train with once sizes are added. */
export const defaultsFor = (architecture: ArchitectureName) => ({
  ...trainingDefaults,
  ...architectureDefaults[architecture],
  architecture
})

/** Settings given one by one (null: not given) over the preset's over the defaults; or the reason why that cannot be. */
export const resolveSettings = (
  architecture: ArchitectureName,
  preset: PresetName | null,
  given: Readonly<Partial<Record<keyof Settings, unknown>>>
): (typeof trainingDefaults & Settings) | string => {
  const chosen = preset === null ? {} : presets[preset][architecture]
  if (chosen === undefined) {
    const known = Object.keys(presets[preset as PresetName]).join(", ")
    return `the preset ${preset} has no settings for ${architecture}; it has some for ${known}`
  }
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined))
  const base = preset === null ? architectureDefaults[architecture] : {}
  const settings = { ...trainingDefaults, ...base, ...chosen, ...own } as typeof trainingDefaults & Settings
  // Ghost gradients are scaled to the loss of the SAE already.
  return (settings as Settings).aux_loss === "ghost" && !("aux_coefficient" in own)
    ? { ...settings, aux_coefficient: 1 }
    : settings
}
