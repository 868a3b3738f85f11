/**
 * What a training run can be told, with the defaults and where they come from. dl: the dictionary_learning library;
 * Gao: Gao et al. 2024, arXiv 2406.04093.
 */
export interface TrainingOptions {
  readonly architecture: "topk" | "batch_topk"
  readonly d_sae: number
  /** Active latents per row; on average over a batch for `batch_topk`. */
  readonly k: number
  readonly steps: number
  /** Rows per step. */
  readonly batch_rows: number
  readonly seed: number
  /** Peak learning rate; null: 2e-4 / sqrt(d_sae / 2^14) (dl; Gao's lr ~ 1 / sqrt(d_sae)). */
  readonly lr: number | null
  /** Share of the steps over which the learning rate rises linearly from 0. */
  readonly warmup: number
  /** Share of the steps, at the end, over which it falls linearly to 0 (dl: 0.2). */
  readonly decay: number
  readonly beta1: number
  readonly beta2: number
  /** Largest norm of the gradient of all parameters together; null: no limit. */
  readonly clip: number | null
  /** `mean_square`: rows are divided by sqrt(mean |x|^2) (dl, Gemma Scope), folded into the weights at the end. */
  readonly normalize: "mean_square" | "none"
  /** Weight of the auxiliary loss (Gao: 1/32); 0 leaves it out. */
  readonly aux_coefficient: number
  /** Dead latents that reconstruct the residual of each row; null: d_in / 2 (dl). */
  readonly k_aux: number | null
  /**
   * A latent is dead after so many rows without firing; null: 10^7 (Gao), but at most a fiftieth of all rows that the run
   * sees, which is what 10^7 is of dl's 5 * 10^8.
   */
  readonly dead_after: number | null
}

export const trainingDefaults = {
  batch_rows: 1024,
  lr: null,
  warmup: 0.05,
  decay: 0.2,
  beta1: 0.9,
  beta2: 0.999,
  clip: null,
  normalize: "mean_square",
  aux_coefficient: 1 / 32,
  k_aux: null,
  dead_after: null
} as const satisfies Partial<TrainingOptions>

/** The options that a run really uses, nulls resolved. */
export interface ResolvedOptions extends TrainingOptions {
  readonly lr: number
  readonly k_aux: number
  readonly dead_after: number
}

export const resolveOptions = (options: TrainingOptions, d_in: number): ResolvedOptions => ({
  ...options,
  lr: options.lr ?? 2e-4 / Math.sqrt(options.d_sae / 2 ** 14),
  k_aux: options.k_aux ?? Math.max(1, Math.floor(d_in / 2)),
  dead_after:
    options.dead_after ??
    Math.min(1e7, Math.max(options.batch_rows, Math.floor((options.steps * options.batch_rows) / 50)))
})

/** Learning rate of step 1, 2, ..., `steps`: linear warm-up, constant, linear decay to 0 after the last step. */
export const learningRate = (options: ResolvedOptions, step: number): number => {
  const up = Math.min(1, step / Math.max(1, Math.round(options.warmup * options.steps)))
  const down = (options.steps - step + 1) / Math.max(1, Math.round(options.decay * options.steps))
  return options.lr * Math.min(up, down, 1)
}
