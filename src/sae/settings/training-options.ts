/**
 * What a training run can be told, with the defaults and where they come from. dl: the dictionary_learning library;
 * Gao: Gao et al. 2024, arXiv 2406.04093. Published settings as a whole are presets (`presets.ts`).
 */
export const architectureNames = [
  "topk",
  "batch_topk",
  "matryoshka_batch_topk",
  "standard",
  "p_anneal",
  "jumprelu",
  "gated"
] as const
export type ArchitectureName = (typeof architectureNames)[number]

export interface TrainingOptions {
  readonly architecture: ArchitectureName
  readonly d_sae: number
  /** Active latents per row; on average over a batch for BatchTopK and Matryoshka; null where an architecture has none. */
  readonly k: number | null
  readonly steps: number
  /** Rows per step. */
  readonly batch_rows: number
  readonly seed: number
  /** Peak learning rate; null: 2e-4 / sqrt(d_sae / 2^14) (dl; Gao's lr ~ 1 / sqrt(d_sae)). */
  readonly lr: number | null
  /** Share of the steps over which the learning rate rises. */
  readonly warmup: number
  /** Share of the peak that it starts from (Gemma Scope: 0.1). */
  readonly warmup_from: number
  readonly warmup_shape: "linear" | "cosine"
  /** Share of the steps, at the end, over which it falls (dl: 0.2). */
  readonly decay: number
  /** Share of the peak that it falls to, reached after the last step. */
  readonly decay_to: number
  readonly decay_shape: "linear" | "cosine"
  readonly beta1: number
  readonly beta2: number
  /** Adam's eps (OpenAI: 6.25e-10). */
  readonly eps: number
  /** Largest norm of the gradient of all parameters together; null: no limit. */
  readonly clip: number | null
  /** Weights are saved as their moving average over the steps, with this decay (OpenAI: 0.999); null: as they are last. */
  readonly ema: number | null
  /** What the numbers are rounded to when they are saved; training itself is in f32. */
  readonly dtype: "float32" | "bfloat16"
  /**
   * How architectures with k choose latents while training: from the f32 product, or from a product in bfloat16 whose
   * candidates get exact f32 values; `auto`: the latter where the CPU is fast at it and candidates hardly ever fail.
   */
  readonly precision: "auto" | "f32" | "bf16-candidates"
  /**
   * What rows are divided by, folded into the weights at the end. `mean_square`: sqrt(mean |x|^2) (dl, Gemma Scope);
   * `mean_norm`: mean |x| / sqrt(d_in) (Anthropic, SAELens `expected_average_only_in`). `layer_norm`: every row to mean 0
   * and deviation 1 (OpenAI, Bussmann); that cannot be folded, so the saved SAE normalises its rows in use.
   */
  readonly normalize: "mean_square" | "mean_norm" | "layer_norm" | "none"
  /**
   * Scale of the reconstruction loss. `fraction_of_variance`: mean |x - x_hat|^2 / variance of the rows; `sum`: the same
   * without the division; `mean`: its mean over the numbers of a row.
   */
  readonly reconstruction: "fraction_of_variance" | "sum" | "mean"
  /** First b_dec: the geometric median of the rows, or zero; `none`: it stays zero. */
  readonly b_dec_init: "median" | "zero" | "none"
  /** Whether b_dec is subtracted from the encoder's input. */
  readonly apply_b_dec_to_input: boolean
  /** `unit`: decoder rows keep norm one; `free`: the penalty weighs activations by the norms instead. */
  readonly decoder_norm: "unit" | "free"
  /** Norm of the first decoder rows, where it is free. The encoder starts as their transpose. */
  readonly decoder_init_norm: number
  /** Norm of the first encoder rows; null: that of the decoder's. */
  readonly encoder_init_norm: number | null
  /** Transcoders: whether x W_skip^T is added to the output (sparsify; Paulo et al. 2025, arXiv 2501.18823). */
  readonly skip: boolean
  /** Whether the encoder stays the decoder's transpose. */
  readonly tied: boolean
  /** Weight of the sparsity penalty, where the architecture has one. */
  readonly sparsity_coefficient: number
  /** Share of the steps over which that weight rises linearly from 0. */
  readonly sparsity_warmup: number

  /** Share of the steps over which k falls linearly from d_in, where one is chosen (dl `k_anneal_steps`). */
  readonly k_anneal: number
  /** TopK: an eighth of the same loss with the 4 k largest is added (Gao, section 5.2; sparsify). */
  readonly multi_topk: boolean

  /** Weight of the auxiliary loss (Gao: 1/32); 0 leaves it out. TopK, BatchTopK, Matryoshka. */
  readonly aux_coefficient: number
  /**
   * What it is: `fraction`: |e - e_hat|^2 / |e - mean e|^2 (Gao, dl); `scaled_sum`: mean |e - e_hat|^2, less in proportion
   * while fewer than k_aux latents are dead (SAELens); `mean`: the mean of (e - e_hat)^2 over all numbers (Bussmann,
   * whose code lets the gradient reach e too; here e is held fixed); `ghost`: ghost gradients (Jermyn and Templeton).
   */
  readonly aux_loss: "fraction" | "scaled_sum" | "mean" | "ghost"
  /** Dead latents that reconstruct the residual of each row; null: d_in / 2 (dl). */
  readonly k_aux: number | null
  /**
   * A latent is dead after so many rows without firing; null: 10^7 (Gao), but at most a fiftieth of all rows that the run
   * sees, which is what 10^7 is of dl's 5 * 10^8.
   */
  readonly dead_after: number | null

  /** Matryoshka: shares of the latents that each group holds. */
  readonly groups: ReadonlyArray<number>
  /** Matryoshka: weight of each prefix's loss, of G; `mean` 1/G, `sum` 1 (SAELens), `mean_of_mean` 1/G^2 (dl). */
  readonly prefix_weights: "mean" | "sum" | "mean_of_mean"

  /** JumpReLU: first threshold, in the scale of training. */
  readonly threshold_init: number
  /** JumpReLU: width of the window of the straight-through estimators. */
  readonly bandwidth: number
  /**
   * JumpReLU: what is penalised. `step`: L0; `target`: (mean L0 / target_l0 - 1)^2 (dl); `quadratic`: mean of
   * (L0 - target_l0)^2 * 2 / target_l0 (Gemma Scope 2); `tanh`: sum of tanh(tanh_scale f |w|) (Anthropic).
   */
  readonly l0_loss: "step" | "target" | "quadratic" | "tanh"
  readonly target_l0: number
  readonly tanh_scale: number
  /** JumpReLU: weight of relu(threshold - z) |w| of dead latents (Anthropic: 3e-6). */
  readonly pre_act_coefficient: number
  /** JumpReLU: whether the estimators' gradients reach the encoder too (Anthropic), not only the thresholds. */
  readonly ste_to_input: boolean

  /** Standard: every so many steps dead latents are made anew from badly reconstructed rows; null: never. */
  readonly resample_every: number | null
  /** Power of a row's error that it is drawn with: 1 (dl), 2: its squared error, 4: the square of that (TM). */
  readonly resample_power: number

  /** p-anneal: the exponent falls from 1 to this one (not reached, as in dl) ... */
  readonly p_end: number
  /** ... in so many updates ... */
  readonly p_updates: number
  /** ... from this share of the steps on. */
  readonly anneal_start: number
}

export const trainingDefaults = {
  batch_rows: 1024,
  lr: null,
  warmup: 0.05,
  warmup_from: 0,
  warmup_shape: "linear",
  decay: 0.2,
  decay_to: 0,
  decay_shape: "linear",
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  clip: null,
  ema: null,
  dtype: "float32",
  precision: "auto",
  normalize: "mean_square",
  reconstruction: "fraction_of_variance",
  b_dec_init: "median",
  apply_b_dec_to_input: true,
  decoder_norm: "unit",
  decoder_init_norm: 1,
  encoder_init_norm: null,
  skip: false,
  tied: false,
  sparsity_coefficient: 0,
  sparsity_warmup: 0.05,
  k_anneal: 0,
  multi_topk: false,
  aux_coefficient: 1 / 32,
  aux_loss: "fraction",
  k_aux: null,
  dead_after: null,
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
} as const satisfies Partial<TrainingOptions>

/** Whether an architecture chooses k latents; the others are sparse by a penalty. */
export const usesK = (architecture: ArchitectureName): boolean =>
  architecture === "topk" || architecture === "batch_topk" || architecture === "matryoshka_batch_topk"

/** The options that a run really uses, nulls resolved. */
export interface ResolvedOptions extends TrainingOptions {
  /** 0 where the architecture has none. */
  readonly k: number
  readonly lr: number
  readonly k_aux: number
  readonly dead_after: number
}

export const resolveOptions = (options: TrainingOptions, d_in: number): ResolvedOptions => ({
  ...options,
  k: usesK(options.architecture) ? (options.k ?? 0) : 0,
  lr: options.lr ?? 2e-4 / Math.sqrt(options.d_sae / 2 ** 14),
  k_aux: options.k_aux ?? Math.max(1, Math.floor(d_in / 2)),
  dead_after:
    options.dead_after ??
    Math.min(1e7, Math.max(options.batch_rows, Math.floor((options.steps * options.batch_rows) / 50)))
})

/** What the mean |x - x_hat|^2 is multiplied by in the loss. `variance` is that of the rows, in the scale of training. */
export const reconstructionWeight = (options: ResolvedOptions, variance: number, d_in: number): number =>
  options.reconstruction === "sum" ? 1 : options.reconstruction === "mean" ? 1 / d_in : 1 / variance
